import type { Letter } from "../aws/sqs/letter.js";
import { BATCH_MAX } from "../pipeline/ports/queue.js";
import { HeldLetters } from "./held-letters.js";
import type { LetterQueue } from "./letter-queue.js";

/** What a visit makes of the letters that it is shown: the ids of those that are gone, and whether it has seen enough. */
export interface Visited {
  readonly gone?: readonly string[];
  readonly enough?: boolean;
}

export interface PassOptions {
  readonly queue: LetterQueue;
  /** Approximate: how many letters there are. Says how many receives go at once, and for how long letters are hidden. */
  readonly count: number;
  /** Letters a second that the visits take; unset: no bound. */
  readonly perSecond?: number | undefined;
  /** Told what is hidden meanwhile, for whoever has to say so. */
  readonly held?: HeldLetters;
  /** Ends the pass after what is under way. */
  readonly stop: AbortSignal;
  readonly visit: (letters: readonly Letter[]) => Promise<Visited>;
}

export interface PassEnd {
  /** Different letters that were visited. */
  readonly seen: number;
  /** `all`: nothing more could be had; `tooMany`: SQS hides no more at once. */
  readonly end: "all" | "enough" | "stopped" | "tooMany";
  /** Letters that could not be shown again: they stay hidden for at most `hideSeconds`. */
  readonly hidden: number;
  readonly hideSeconds: number;
}

/** SQS hides at most about 120,000 messages of a queue at once. */
const HELD_MAX = 100_000;
const LANES_MAX = 8;
const LETTERS_PER_LANE = 50;
/** Receives in a row that bring nothing new, until a lane believes that there is no more. */
const DRY_MAX = 2;
const HIDE_SECONDS = { min: 60, max: 7_200 };
/** Of what a lane reads in a second at the least. */
const READ_PER_SECOND = 50;
const RELEASES_AT_ONCE = 8;
const never = new AbortController().signal;

/**
 * Visits each letter of a dead-letter queue once. While it lasts, the letters are hidden, as SQS would show them again
 * and again otherwise; at its end, whatever that is, those that aren't gone are shown again. A process that is killed
 * leaves them hidden for a while, and loses none.
 */
export async function eachLetter(options: PassOptions): Promise<PassEnd> {
  const { queue, count, perSecond, held = new HeldLetters(), stop, visit } = options;
  const hideSeconds = Math.round(
    Math.min(
      HIDE_SECONDS.max,
      HIDE_SECONDS.min + count / READ_PER_SECOND + (perSecond === undefined ? 0 : (2 * count) / perSecond),
    ),
  );
  held.hideSeconds = hideSeconds;
  // One lane on FIFO: what is received must be sent in order.
  const lanes = queue.fifo ? 1 : Math.min(LANES_MAX, Math.max(1, Math.ceil(count / LETTERS_PER_LANE)));
  const startedAt = Date.now();
  const seen = new Set<string>();
  let end: PassEnd["end"] = "all";
  let failure: unknown;

  const lane = async () => {
    for (let dry = 0; dry < DRY_MAX && end === "all" && failure === undefined; ) {
      if (stop.aborted) {
        end = "stopped";
        return;
      }
      // Not with `stop`: what an aborted receive has hidden, nobody could show again.
      const letters = await queue.receive(hideSeconds, never);
      const fresh = letters.filter(({ message }) => !seen.has(message.id));
      held.hold(letters);
      for (const { message } of letters) seen.add(message.id);
      // What comes in meanwhile is visited, but is no reason to wait for more: that might never end.
      const expected = fresh.some(({ message: { sentAt } }) => sentAt === undefined || sentAt <= startedAt);
      dry = expected ? 0 : dry + 1;
      if (fresh.length === 0) continue;
      const { gone = [], enough = false } = await visit(fresh);
      held.drop(gone);
      if (enough) end = "enough";
      else if (held.count >= HELD_MAX) end = "tooMany";
    }
  };
  const guarded = () =>
    lane().catch((error: unknown) => {
      failure ??= error;
    });
  await Promise.all(Array.from({ length: lanes }, guarded));
  const hidden = await releaseAll(queue, held);
  if (failure !== undefined) throw failure;
  return { seen: seen.size, end, hidden, hideSeconds };
}

/** Shows letters again; returns how many could not be. */
async function releaseAll(queue: LetterQueue, held: HeldLetters): Promise<number> {
  const { handles } = held;
  let failed = 0;
  let at = 0;
  const lane = async () => {
    while (at < handles.length) {
      const batch = handles.slice(at, at + BATCH_MAX);
      at += BATCH_MAX;
      try {
        const results = await queue.release(batch, never);
        const shown = batch.filter((_, index) => {
          const result = results[index]!;
          return result.ok || result.kind === "stale";
        });
        held.shown(shown);
        failed += batch.length - shown.length;
      } catch {
        failed += batch.length;
      }
    }
  };
  await Promise.all(Array.from({ length: RELEASES_AT_ONCE }, lane));
  return failed;
}
