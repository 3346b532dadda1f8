import type { LetterWay } from "../aws/sqs/letter.js";

/** How a letter came here, in words. */
export const WAYS: Readonly<Record<LetterWay, string>> = {
  rejected: "rejected",
  receives: "too many receives",
  sent: "sent here by others",
  unmarked: "no room for a reason, or sent here by others",
};
