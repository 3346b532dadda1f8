import type { Letter } from "../aws/sqs/letter.js";
import type { LetterView } from "../console/api-letters.js";
import { WAYS } from "../letters/ways.js";
import { masked } from "../text/masked.js";
import { printable, printableLines } from "../text/printable.js";

const BODY_MAX = 16 * 1024;
const TEXT_MAX = 500;

/** A letter as the page shows it. */
export function viewOf({ message, way, reason, originalId, receivesBefore }: Letter): LetterView {
  const { id, sentAt, groupId, attributes, body } = message;
  const texts = [...attributes].map(([name, { string, binary }]) => [
    told(name),
    told(string ?? `${binary?.byteLength ?? 0} bytes`),
  ]);
  return {
    id: printable(id),
    originalId: printable(originalId),
    reason: WAYS[way],
    ...(reason !== undefined && { error: told(reason) }),
    ...(receivesBefore !== undefined && { receivesBefore }),
    ...(sentAt !== undefined && { sentAt }),
    ...(groupId !== undefined && { groupId: printable(groupId) }),
    attributes: Object.fromEntries(texts),
    ...bodyOf(body),
  };
}

/** What isn't shown as it is can't be edited: what was changed for showing would be sent. */
function bodyOf(body: string): Pick<LetterView, "body" | "bodyCut"> {
  const shown = printableLines(body.slice(0, BODY_MAX));
  return shown === body ? { body } : { body: shown, bodyCut: true };
}

/** Text from outside, fit to be shown. */
export const told = (text: string) => printable(masked(text), TEXT_MAX);
