import type { Letter } from "../aws/sqs/letter.js";
import type { Editor } from "./edited.js";
import { type LargeLetters, type OpenedLetter, withPlainBody } from "./large-letters.js";
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
  /** Follows letters to their payloads; undefined: pointers are bodies like others. */
  readonly payloads?: LargeLetters | undefined;
  readonly pace: Pace;
  readonly dryRun: boolean;
  readonly stop: AbortSignal;
  /** Epoch milliseconds: what was sent later failed again, and isn't sent back a second time. */
  readonly startedAt: number;
  readonly onProgress?: (tally: RedriveTally) => void;
}

/** A letter that is meant: as SQS has it, and as people mean it. */
interface Chosen {
  readonly sent: Letter;
  readonly opened: OpenedLetter;
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
    const { queue, selection, sourceArn, editor, stop, onProgress } = this.#options;
    const { tally } = this;
    tally.read += letters.length;
    const ours = letters.filter((letter) => {
      if (this.#isNewer(letter)) {
        tally.newer++;
        return false;
      }
      if (sourceArn !== undefined && letter.sourceArn !== undefined && letter.sourceArn !== sourceArn) {
        tally.foreign++;
        return false;
      }
      return true;
    });
    const chosen: Chosen[] = [];
    for (const letter of ours) {
      const opened = selection.looksInside || editor ? await this.#opened(letter) : { letter };
      // What can't be read may be meant, too: it is told of rather than passed over.
      if (selection.matches(opened.letter) || (selection.looksInside && opened.fault !== undefined)) {
        chosen.push({ sent: letter, opened });
      }
    }
    tally.matching += chosen.length;
    const outgoing = await this.#edited(chosen.filter(({ sent, opened }) => this.#isSound(sent, opened.fault)));
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

  /** Without a place to read payloads from, a letter is what it is. */
  async #opened(letter: Letter): Promise<OpenedLetter> {
    return (await this.#options.payloads?.opened(letter)) ?? { letter };
  }

  /** What came damaged is read again another time: sent back as it is, its good copy here would be deleted. */
  #isSound(letter: Letter, payloadFault: string | undefined): boolean {
    const { intact, damage = "it came damaged" } = letter.message;
    const fault = intact ? payloadFault : damage;
    if (fault !== undefined) leave(this.tally, letter, fault);
    return fault === undefined;
  }

  async #edited(chosen: readonly Chosen[]): Promise<Outgoing[]> {
    const { editor, stop } = this.#options;
    if (!editor) return chosen.map(({ sent }) => ({ letter: sent, body: sent.message.body }));
    const outgoing: (Outgoing | undefined)[] = [];
    let next = 0;
    const lane = async () => {
      while (next < chosen.length && !stop.aborted) {
        const index = next++;
        outgoing[index] = await this.#mended(chosen[index]!, editor);
      }
    };
    await Promise.all(Array.from({ length: EDITS_AT_ONCE }, lane));
    return outgoing.filter((one) => one !== undefined);
  }

  /** Undefined where the letter stays. */
  async #mended({ sent, opened }: Chosen, editor: Editor): Promise<Outgoing | undefined> {
    const { payloads, dryRun, stop } = this.#options;
    const { letter, pointer } = opened;
    const { id, body: before } = letter.message;
    const made = await editor(letter, stop, pointer && payloads?.bytesMax);
    if ("leave" in made) {
      leave(this.tally, sent, made.leave);
      return undefined;
    }
    if (made.body === before) return { letter: sent, body: sent.message.body };
    this.tally.edited++;
    if (dryRun && this.tally.samples.length < SAMPLES_MAX) this.tally.samples.push({ id, before, after: made.body });
    if (dryRun || !pointer || !payloads) return withPlainBody(letter, made.body);
    try {
      return await payloads.withBody(opened, made.body);
    } catch (error) {
      leave(this.tally, sent, (error as Error).message);
      return undefined;
    }
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
