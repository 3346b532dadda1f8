import { fullJitter } from "../../pipeline/ports/backoff.js";
import { sleep, systemClock } from "../../pipeline/ports/clock.js";
import {
  type DeadLetter,
  type EntryResult,
  type Queue,
  QueueError,
  type ReceivedMessage,
  type VisibilityChange,
} from "../../pipeline/ports/queue.js";
import { openQueue } from "./open-queue.js";
import type { QueueAttributes, QueueCounts } from "./queue-attributes.js";
import { SqsQueue, type SqsQueueOptions } from "./sqs-queue.js";

const DISCOVERY_DEADLINE_MS = 10_000;
const DISCOVERY_BACKOFF_MS = { base: 1_000, max: 60_000 };

/**
 * The queue that a worker polls. It can be received from at once; its dead-letter queue is found meanwhile, and a
 * rejection that comes earlier waits for it.
 */
export class SourceQueue implements Queue {
  readonly #options: SqsQueueOptions;
  readonly #queue: SqsQueue;
  readonly #closing = new AbortController();
  /** Undefined until the attributes were read; then the queue that can copy, or null where there is none to copy to. */
  #copier: SqsQueue | null | undefined;
  #maxReceiveCount: number | undefined;
  #discovery: Promise<QueueAttributes | undefined> | undefined;

  constructor(options: SqsQueueOptions) {
    this.#options = options;
    this.#queue = new SqsQueue(options);
  }

  get maxReceiveCount(): number | undefined {
    return this.#maxReceiveCount;
  }

  get hasNoDeadLetters(): boolean {
    return this.#copier === null;
  }

  /** Never undefined: who decided on a copy while nobody knew may make it after somebody does. */
  readonly copyToDeadLetters = async (letters: readonly DeadLetter[], signal: AbortSignal): Promise<EntryResult[]> => {
    if (this.#copier === undefined) await this.#known(signal);
    if (this.#copier?.copyToDeadLetters) return this.#copier.copyToDeadLetters(letters, signal);
    return letters.map(() =>
      this.#copier === null
        ? { ok: false, kind: "refused", detail: "the queue has no dead-letter queue" }
        : { ok: false, kind: "again", detail: "it isn't known yet whether the queue has a dead-letter queue" },
    );
  };

  receive(max: number, waitSeconds: number, signal: AbortSignal): Promise<ReceivedMessage[]> {
    return this.#queue.receive(max, waitSeconds, signal);
  }

  delete(handles: readonly string[], signal: AbortSignal): Promise<EntryResult[]> {
    return this.#queue.delete(handles, signal);
  }

  changeVisibility(changes: readonly VisibilityChange[], signal: AbortSignal): Promise<EntryResult[]> {
    return this.#queue.changeVisibility(changes, signal);
  }

  counts(signal: AbortSignal): Promise<QueueCounts> {
    return this.#queue.counts(signal);
  }

  /** Reads the attributes, again and again if need be; undefined when that isn't allowed, or the queue is gone. */
  discover(): Promise<QueueAttributes | undefined> {
    this.#discovery ??= this.#discover();
    return this.#discovery;
  }

  close(): void {
    this.#closing.abort();
    this.#queue.close();
    this.#copier?.close();
  }

  async #discover(): Promise<QueueAttributes | undefined> {
    const { signal } = this.#closing;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        const deadline = AbortSignal.any([signal, AbortSignal.timeout(DISCOVERY_DEADLINE_MS)]);
        const { queue, attributes } = await openQueue(this.#options, deadline);
        this.#copier = queue.copyToDeadLetters ? queue : null;
        this.#maxReceiveCount = attributes && (attributes.maxReceiveCount ?? Number.POSITIVE_INFINITY);
        return attributes;
      } catch (error) {
        // The receive fails for the same reason, and says so.
        if (error instanceof QueueError && error.kind === "fatal") return undefined;
        await sleep(systemClock, fullJitter(DISCOVERY_BACKOFF_MS, attempt), signal);
      }
    }
    return undefined;
  }

  async #known(signal: AbortSignal): Promise<void> {
    await Promise.race([
      this.discover(),
      new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true })),
    ]);
  }
}
