import { DeadLetters } from "../aws/sqs/dead-letters.js";
import type { Letter } from "../aws/sqs/letter.js";
import {
  type DeadLetterLook,
  type LetterChoice,
  type LetterEdit,
  type LetterEnd,
  NO_LOOK,
} from "../console/api-letters.js";
import type { LetterDesk } from "../console/page-source.js";
import { checked, type Editor } from "../letters/edited.js";
import { eachLetter, type Visited } from "../letters/letter-pass.js";
import { Pace } from "../letters/pace.js";
import { Redriver } from "../letters/redriver.js";
import type { Clock } from "../pipeline/ports/clock.js";
import { words } from "../pipeline/ports/thrown.js";
import { lookInto } from "./letter-look.js";
import { told } from "./letter-view.js";
import { OPEN_WITHIN_MS, type OpenedLetters, type OpenLetters, PASS_WITHIN_MS } from "./opened-letters.js";
import { Wanted } from "./wanted-letters.js";

export interface LetterDeskParts {
  readonly open: OpenLetters;
  readonly clock: Clock;
}

/** Shorter than that a look can't bring much that is new, and each counts as a receive of every letter. */
const LOOK_EVERY_MS = 2_000;
const PER_SECOND = 500;
const LEFT_MAX = 100;

/** The desk of a queue of the settings. */
export function letterDesk(
  settings: { readonly queueUrl: string; readonly deadLetterQueueUrl: string | undefined },
  clock: Clock,
): LetterDesk {
  return new QueueLetterDesk({ open: (signal) => DeadLetters.open(settings, signal), clock });
}

/** Looks and acts one after another: what one has hidden, another would not find. */
export class QueueLetterDesk implements LetterDesk {
  readonly #parts: LetterDeskParts;
  #last = NO_LOOK;
  #looking: Promise<DeadLetterLook> | undefined;
  #before: Promise<unknown> = Promise.resolve();

  constructor(parts: LetterDeskParts) {
    this.#parts = parts;
  }

  get last(): DeadLetterLook {
    return { ...this.#last, looking: this.#looking !== undefined };
  }

  look(): Promise<DeadLetterLook> {
    const { at } = this.#last;
    if (!this.#looking && at !== undefined && this.#parts.clock.wall() - at < LOOK_EVERY_MS) {
      return Promise.resolve(this.#last);
    }
    this.#looking ??= this.#inTurn(() => this.#look()).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  redrive(choice: LetterChoice): Promise<LetterEnd> {
    return this.#inTurn(() => this.#sendBack(choice, undefined));
  }

  edit({ id, body }: LetterEdit): Promise<LetterEnd> {
    const editor: Editor = async (letter) => checked({ body }, letter.message.body);
    return this.#inTurn(() => this.#sendBack({ ids: [id] }, editor));
  }

  delete(choice: LetterChoice): Promise<LetterEnd> {
    return this.#inTurn(() =>
      this.#withLetters(choice, async (queue, wanted) => {
        const left = new Map<string, string>();
        let done = 0;
        const visit = async (found: readonly Letter[]): Promise<Visited> => {
          const chosen = wanted.among(found);
          if (chosen.length === 0) return {};
          const handles = chosen.map(({ message }) => message.handle);
          const results = await queue.delete(handles, new AbortController().signal);
          const gone = chosen.filter((_, index) => results[index]!.ok).map(({ message }) => message.id);
          chosen.forEach(({ message }, index) => {
            const result = results[index]!;
            if (!result.ok) left.set(message.id, result.detail);
          });
          done += gone.length;
          return { gone, enough: wanted.found };
        };
        return { visit, end: () => ({ done, left }) };
      }),
    );
  }

  #sendBack(choice: LetterChoice, editor: Editor | undefined): Promise<LetterEnd> {
    return this.#withLetters(choice, async (queue, wanted) => {
      const to = queue.source?.url;
      if (to === undefined) throw new Error("it isn't known which queue these letters came from: use dlq redrive --to");
      const redriver = new Redriver({
        queue,
        to,
        sourceArn: queue.source?.arn,
        selection: { everything: choice.all === true, matches: (letter) => wanted.has(letter) },
        editor,
        pace: new Pace(PER_SECOND),
        dryRun: false,
        stop: AbortSignal.timeout(PASS_WITHIN_MS),
        startedAt: Date.now(),
      });
      const visit = async (found: readonly Letter[]) => ({ ...(await redriver.visit(found)), enough: wanted.found });
      const end = () => {
        const left = new Map<string, string>();
        for (const [why, ids] of Object.entries(redriver.tally.left)) for (const id of ids) left.set(id, why);
        for (const id of redriver.tally.doubled) left.set(id, "sent back, but still here as well: its delete failed");
        return { done: redriver.tally.redriven, left };
      };
      return { visit, end };
    });
  }

  async #withLetters(
    choice: LetterChoice,
    prepare: (
      queue: OpenedLetters,
      wanted: Wanted,
    ) => Promise<{
      readonly visit: (found: readonly Letter[]) => Promise<Visited>;
      readonly end: () => { readonly done: number; readonly left: Map<string, string> };
    }>,
  ): Promise<LetterEnd> {
    const wanted = new Wanted(choice);
    let queue: OpenedLetters | undefined;
    let end = () => ({ done: 0, left: new Map<string, string>() });
    let trouble: string | undefined;
    try {
      queue = await this.#parts.open(AbortSignal.timeout(OPEN_WITHIN_MS));
      const work = await prepare(queue, wanted);
      ({ end } = work);
      const stop = AbortSignal.timeout(PASS_WITHIN_MS);
      await eachLetter({ queue, count: queue.count, perSecond: PER_SECOND, stop, visit: work.visit });
    } catch (error) {
      trouble = told(words(error));
    } finally {
      queue?.close();
    }
    const { done, left } = end();
    for (const id of wanted.missing) if (!left.has(id)) left.set(id, trouble ?? "it wasn't found");
    if (trouble !== undefined && left.size === 0) left.set("", trouble);
    const some = [...left].slice(0, LEFT_MAX).map(([id, reason]) => ({ id: told(id), reason: told(reason) }));
    return { done, left: some };
  }

  async #look(): Promise<DeadLetterLook> {
    const { open, clock } = this.#parts;
    const found = await lookInto(open);
    this.#last = { at: clock.wall(), looking: false, ...found };
    return this.#last;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#before.then(work);
    this.#before = turn.catch(() => {});
    return turn;
  }
}
