import type { Letter } from "../aws/sqs/letter.js";
import type { DeadLetterLook, LetterView } from "../console/api-letters.js";
import { LetterGroups } from "../letters/groups.js";
import { eachLetter, type PassEnd, type Visited } from "../letters/letter-pass.js";
import { WAYS } from "../letters/ways.js";
import { words } from "../pipeline/ports/thrown.js";
import { masked } from "../text/masked.js";
import { printable } from "../text/printable.js";
import { told, viewOf } from "./letter-view.js";
import { OPEN_WITHIN_MS, type OpenedLetters, type OpenLetters, PASS_WITHIN_MS } from "./opened-letters.js";

/** Of a queue with more the page shows the first; `dlq ls` reads all. */
const LOOK_MAX = 10_000;
const LISTED_MAX = 300;

/** Reads the letters, and leaves them where they are. Never rejects: what stood in the way is told. */
export async function lookInto(open: OpenLetters): Promise<Omit<DeadLetterLook, "at" | "looking">> {
  const groups = new LetterGroups();
  const letters: LetterView[] = [];
  let seen = 0;
  let approximate = 0;
  let trouble: string | undefined;
  let queue: OpenedLetters | undefined;
  try {
    queue = await open(AbortSignal.timeout(OPEN_WITHIN_MS));
    approximate = queue.count;
    const visit = async (found: readonly Letter[]): Promise<Visited> => {
      for (const letter of found) {
        groups.add(letter);
        if (letters.length < LISTED_MAX) letters.push(viewOf(letter));
      }
      seen += found.length;
      return { enough: seen >= LOOK_MAX };
    };
    trouble = restOf(
      await eachLetter({ queue, count: approximate, stop: AbortSignal.timeout(PASS_WITHIN_MS), visit }),
      approximate,
    );
  } catch (error) {
    trouble = told(words(error));
  } finally {
    queue?.close();
  }
  return {
    ...(trouble !== undefined && { trouble }),
    seen,
    approximate,
    groups: groups.list().map(({ way, error, count, oldest, newest, example }) => ({
      reason: WAYS[way],
      ...(error !== undefined && { error: masked(error) }),
      count,
      ...(oldest !== undefined && { oldest }),
      ...(newest !== undefined && { newest }),
      example: printable(example),
    })),
    letters,
  };
}

function restOf({ end, seen, hidden, hideSeconds }: PassEnd, approximate: number): string | undefined {
  const texts = [
    ...(end === "enough" ? [`the first ${seen} of about ${approximate} were read: dlq ls reads all`] : []),
    ...(end === "stopped" ? [`${seen} were read in ${PASS_WITHIN_MS / 1_000} s: dlq ls reads all`] : []),
    ...(end === "all" && approximate > seen ? [`about ${approximate - seen} more are hidden by others`] : []),
    ...(hidden > 0 ? [`${hidden} could not be shown again: they are hidden for at most ${hideSeconds} s`] : []),
  ];
  return texts.length > 0 ? texts.join("; ") : undefined;
}
