import type { OutgoingMessage } from "../../aws/sqs/sqs-producer.js";
import { BATCH_MAX } from "../../pipeline/ports/queue.js";
import type { Sender } from "../send/send-all.js";

/** Often enough that a few messages a second look steady, seldom enough to send in batches at hundreds. */
const TICK_MS = 50;

/** Sends messages at a steady rate until it is stopped. */
export class SampleProducer {
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending = Promise.resolve();
  readonly #stopped = new AbortController();

  constructor(
    private readonly sender: Sender,
    private readonly perSecond: number,
    private readonly message: (n: number) => OutgoingMessage,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Messages that the queue took. */
  get sent(): number {
    return this.#sent;
  }

  start(): void {
    const startedAt = performance.now();
    let made = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - startedAt) * this.perSecond) / 1_000);
      while (made < due) {
        const batch: OutgoingMessage[] = [];
        while (made < due && batch.length < BATCH_MAX) batch.push(this.message(++made));
        this.#sending = this.#sending.then(() => this.#send(batch));
      }
    }, TICK_MS);
  }

  /** Resolves when nothing is on its way any more; harmless twice. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped.abort();
    await this.#sending;
  }

  async #send(batch: readonly OutgoingMessage[]): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    try {
      const results = await this.sender.send(batch, this.#stopped.signal);
      this.#sent += results.filter(({ ok }) => ok).length;
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.onError(error);
    }
  }
}
