import type { Letter } from "../aws/sqs/letter.js";
import type { Editor } from "./edited.js";
import type { Visited } from "./letter-pass.js";
import type { LetterQueue } from "./letter-queue.js";
import type { Pace } from "./pace.js";
import { emptyTally, leave, type RedriveTally } from "./redrive-tally.js";
import type { Selection } from "./selection.js";

export interface RedriverOptions {
  readonly queue: LetterQueue;
  /** URL of the queue that the letters go to. */
  readonly to: string;
  /** ARN of the queue whose letters go back; those that SQS moved here from another stay. Undefined: all go. */
  readonly sourceArn: string | undefined;
  readonly selection: Selection;
  readonly editor: Editor | undefined;
  readonly pace: Pace;
  readonly dryRun: boolean;
  readonly stop: AbortSignal;
  /** Epoch milliseconds: what was sent later failed again, and isn't sent back a second time. */
  readonly startedAt: number;
  readonly onProgress?: (tally: RedriveTally) => void;
}

interface Outgoing {
  readonly letter: Letter;
  readonly body: string;
}

const SAMPLES_MAX = 3;
const EDITS_AT_ONCE = 4;
/** How far this machine's clock may be ahead of SQS's. */
const CLOCK_SKEW_MAX_MS = 300_000;
const never = new AbortController().signal;

/**
 * Sends letters back: each copy first, and the letter is deleted when SQS has taken it. Cut off anywhere, nothing is
 * lost; what is then both here and there carries one id, that of the first sending, in its attribute.
 */
export class Redriver {
  readonly tally = emptyTally();
  readonly #options: RedriverOptions;
  /** First ids of what was sent back: those that fail again at once stay here. */
  readonly #sent = new Set<string>();

  constructor(options: RedriverOptions) {
    this.#options = options;
  }

  /** To be given to `eachLetter`. */
  readonly visit = async (letters: readonly Letter[]): Promise<Visited> => {
    const { queue, selection, sourceArn, stop, onProgress } = this.#options;
    const { tally } = this;
    tally.read += letters.length;
    const chosen = letters.filter((letter) => {
      if (this.#isNewer(letter)) {
        tally.newer++;
        return false;
      }
      if (sourceArn !== undefined && letter.sourceArn !== undefined && letter.sourceArn !== sourceArn) {
        tally.foreign++;
        return false;
      }
      return selection.matches(letter);
    });
    tally.matching += chosen.length;
    const outgoing = await this.#edited(chosen.filter((letter) => this.#isWhole(letter)));
    const gone: string[] = [];
    for (const batch of queue.fifo ? roundsOf(outgoing) : [outgoing]) {
      if (batch.length === 0 || stop.aborted) break;
      gone.push(...(await this.#send(batch)));
    }
    onProgress?.(tally);
    return { gone };
  };

  #isNewer({ message: { sentAt }, originalId }: Letter): boolean {
    if (sentAt === undefined) return this.#sent.has(originalId);
    const { startedAt } = this.#options;
    return sentAt > startedAt || (sentAt > startedAt - CLOCK_SKEW_MAX_MS && this.#sent.has(originalId));
  }

  /** What came damaged is read again another time: sent back as it is, its good copy here would be deleted. */
  #isWhole(letter: Letter): boolean {
    const { intact, damage = "it came damaged" } = letter.message;
    if (!intact) leave(this.tally, letter, damage);
    return intact;
  }

  async #edited(letters: readonly Letter[]): Promise<Outgoing[]> {
    const { editor, dryRun, stop } = this.#options;
    if (!editor) return letters.map((letter) => ({ letter, body: letter.message.body }));
    const outgoing: (Outgoing | undefined)[] = [];
    let next = 0;
    const lane = async () => {
      while (next < letters.length && !stop.aborted) {
        const index = next++;
        const letter = letters[index]!;
        const made = await editor(letter, stop);
        if ("leave" in made) {
          leave(this.tally, letter, made.leave);
          continue;
        }
        const { id, body: before } = letter.message;
        if (made.body !== before) {
          this.tally.edited++;
          if (dryRun && this.tally.samples.length < SAMPLES_MAX)
            this.tally.samples.push({ id, before, after: made.body });
        }
        outgoing[index] = { letter, body: made.body };
      }
    };
    await Promise.all(Array.from({ length: EDITS_AT_ONCE }, lane));
    return outgoing.filter((one) => one !== undefined);
  }

  /** Sends a batch and deletes what was taken; returns the ids that are gone. */
  async #send(batch: readonly Outgoing[]): Promise<string[]> {
    const { queue, to, pace, dryRun, stop } = this.#options;
    const { tally } = this;
    if (dryRun) {
      tally.redriven += batch.length;
      return [];
    }
    await pace.take(batch.length, stop);
    if (stop.aborted) return [];
    // From here on to its end: a pair of send and delete isn't interrupted.
    const results = await queue.sendBack(batch, to, never);
    const sent = batch.filter(({ letter }, index) => {
      const result = results[index]!;
      if (!result.ok) leave(this.tally, letter, result.detail);
      else this.#sent.add(letter.originalId);
      return result.ok;
    });
    tally.redriven += sent.length;
    if (sent.length === 0) return [];
    const ids = sent.map(({ letter }) => letter.message.id);
    try {
      const deleted = await queue.delete(
        sent.map(({ letter }) => letter.message.handle),
        never,
      );
      const gone = ids.filter((_, index) => deleted[index]!.ok);
      tally.doubled.push(...ids.filter((_, index) => !deleted[index]!.ok));
      return gone;
    } catch (error) {
      tally.doubled.push(...ids);
      throw error;
    }
  }
}

/** Of each group its first, then of each its second, ...: one that is refused is not overtaken in its own batch. */
function* roundsOf(outgoing: readonly Outgoing[]): Generator<Outgoing[]> {
  const groups = Map.groupBy(outgoing, ({ letter: { message, originalId } }) => message.groupId ?? originalId);
  const lines = [...groups.values()];
  for (let round = 0; lines.some((line) => round < line.length); round++) {
    yield lines.flatMap((line) => line[round] ?? []);
  }
}
