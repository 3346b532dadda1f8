import type { OutgoingMessage, SendResult } from "../../../aws/sqs/sqs-producer.js";
import { BATCH_MAX } from "../../../pipeline/ports/queue.js";

/** Batches on their way at once; what is due beyond that waits here. */
const BATCHES_MAX = 8;
/** So many wait at most. */
const BEHIND_MAX = 5_000;

export interface LoadSenderParts {
  readonly send: (messages: readonly OutgoingMessage[], signal: AbortSignal) => Promise<readonly SendResult[]>;
  /** The body of message `n`, counted from 1. */
  readonly body: (n: number) => string;
  /** What became of message `n`: the queue took it, may have, or refused it. */
  readonly onSent: (n: number, how: "sent" | "unsure" | "refused") => void;
  readonly onError: (error: unknown) => void;
}

/** Numbers the messages of a load and sends them, in tens. */
export class LoadSender {
  readonly #parts: LoadSenderParts;
  readonly #stopped = new AbortController();
  /** Numbers whose batch hasn't been answered. */
  readonly #open = new Set<number>();
  readonly #sending = new Set<Promise<void>>();
  #due = 0;
  #made = 0;

  constructor(parts: LoadSenderParts) {
    this.#parts = parts;
  }

  /** Due, and not yet on their way: the sender, or the queue, doesn't keep up. */
  get behind(): number {
    return this.#due - this.#made;
  }

  /** The highest number up to which every message has been answered for. */
  get answered(): number {
    let lowest = this.#made + 1;
    for (const n of this.#open) lowest = Math.min(lowest, n);
    return lowest - 1;
  }

  /** How many more may become due: a machine that is too slow for its load shall not be asked for all of it later. */
  get room(): number {
    return Math.max(0, BEHIND_MAX - this.behind);
  }

  /** So many more messages are due now. */
  add(count: number): void {
    this.#due += count;
    this.#pump();
  }

  /** Sends nothing more; resolves when all that is on its way has been answered. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#sending);
  }

  #pump(): void {
    while (this.#made < this.#due && this.#sending.size < BATCHES_MAX && !this.#stopped.signal.aborted) {
      const numbers: number[] = [];
      while (this.#made < this.#due && numbers.length < BATCH_MAX) numbers.push(++this.#made);
      for (const n of numbers) this.#open.add(n);
      const sending: Promise<void> = this.#send(numbers).finally(() => {
        this.#sending.delete(sending);
        this.#pump();
      });
      this.#sending.add(sending);
    }
  }

  async #send(numbers: readonly number[]): Promise<void> {
    const { send, body, onSent, onError } = this.#parts;
    try {
      // No signal of the stop: what is on its way shall be answered for.
      const results = await send(
        numbers.map((n) => ({ body: body(n) })),
        new AbortController().signal,
      );
      for (const [at, result] of results.entries()) {
        onSent(numbers[at]!, result.ok ? "sent" : result.unknown ? "unsure" : "refused");
      }
    } catch (error) {
      for (const n of numbers) onSent(n, "unsure");
      onError(error);
    } finally {
      for (const n of numbers) this.#open.delete(n);
    }
  }
}
