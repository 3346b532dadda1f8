import type { Clock } from "../../../src/pipeline/ports/clock.js";

/** How a run ended: `aborted` = it was told to stop, `killed` = with its process. */
export type RunEnd = "done" | "failed" | "rejected" | "deferred" | "aborted" | "killed";

/** One call of the agent with one message. Times here are the clock's monotonic milliseconds. */
export interface Run {
  readonly task: string;
  readonly startedAt: number;
  endedAt?: number;
  end?: RunEnd;
}

/** How a receipt was over: what its task did, or what was done to the task. */
export type ReceiptEnd = "deleted" | "given back" | "hidden" | "killed" | "frozen" | "shown";

/** One receive of one message. */
export interface Receipt {
  readonly task: string;
  /** The message's receive count. */
  readonly count: number;
  readonly at: number;
  /** The answer reached its task. */
  seen: boolean;
  /** Its answer came while its task was frozen, which can't tell since when the message is hidden. */
  ofUnknownAge?: boolean;
  /** When its task gave up the call that brought it. */
  givenUpAt?: number;
  readonly runs: Run[];
  over?: { readonly how: ReceiptEnd; readonly at: number };
}

/** One message and all that happened to it. */
export interface MessageRecord {
  readonly id: string;
  /** Its place among all that were sent, and so within its group. */
  readonly place: number;
  readonly groupId: string | undefined;
  /** In order; a receive count names one. */
  readonly receipts: Receipt[];
  /** SQS showed it while somebody held it. */
  shown: boolean;
  readonly story: { readonly at: number; readonly text: string }[];
}

/** What happened to every message of a fleet, in order: what the judge reads, and what a story is told from. */
export class Ledger {
  readonly messages = new Map<string, MessageRecord>();
  /** What happened to the tasks. */
  readonly story: { readonly at: number; readonly text: string }[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  sent(id: string, groupId: string | undefined): void {
    const place = this.messages.size;
    this.messages.set(id, { id, place, groupId, receipts: [], shown: false, story: [] });
    this.tell(id, groupId === undefined ? "sent" : `sent to group ${groupId}`);
  }

  of(id: string): MessageRecord {
    const message = this.messages.get(id);
    if (!message) throw new Error(`nobody sent ${id}`);
    return message;
  }

  /** SQS shows a message that somebody holds. */
  show(id: string): void {
    const message = this.of(id);
    message.shown = true;
    const receipt = message.receipts.at(-1);
    if (receipt) receipt.over ??= { how: "shown", at: this.#clock.monotonic() };
    this.tell(id, "shown by the queue although it was held");
  }

  tell(id: string, text: string): void {
    this.of(id).story.push({ at: this.#clock.monotonic(), text });
  }

  tellOfTask(text: string): void {
    this.story.push({ at: this.#clock.monotonic(), text });
  }
}

export function runsOf(message: MessageRecord): Run[] {
  return message.receipts.flatMap(({ runs }) => runs);
}
