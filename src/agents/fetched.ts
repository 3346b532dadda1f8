import { type Clock, sleep } from "../pipeline/ports/clock.js";
import { withDeadline } from "../pipeline/ports/deadline.js";
import type { Handler, Run } from "../pipeline/ports/handler.js";
import { done, type Outcome } from "../pipeline/ports/outcome.js";
import type { PayloadPointer, PayloadRead, PayloadStore } from "../pipeline/ports/payload.js";
import type { ReceivedMessage } from "../pipeline/ports/queue.js";
import type { Fact, Telemetry } from "../pipeline/ports/telemetry.js";
import { foreignBucket, payloadFault } from "./payload-fault.js";
import { payloadMark, withPayload } from "./payload-pointer.js";

export interface FetchedOptions {
  /** Runs the agent. */
  readonly handler: Handler;
  readonly store: PayloadStore;
  /** Pointers to other buckets are rejected: who may send a message may else have the worker read anything. */
  readonly buckets: readonly string[];
  readonly bytesMax: number;
  /** Pointers that nothing but a body marks and that are followed all the same, as DECODE names them. */
  readonly follow: readonly string[];
  /** Whether a payload is removed after its message. */
  readonly remove: boolean;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

const READ_DEADLINE_MS = 120_000;
const REMOVE_DEADLINE_MS = 10_000;
/** At a stop, when the drain has had its time already. */
const STOP_MS = 2_000;
/** Message ids whose payloads were removed here; about 100 bytes each. */
const REMOVED_MAX = 10_000;
const never = new AbortController().signal;

/**
 * Gives agents the payload where a message has but a pointer to it.
 * 1. A payload is read only from the buckets that are allowed, and only up to the bound.
 * 2. A message whose payload is gone, too large or no text is rejected; one whose payload can't be had now is deferred.
 * 3. A payload is removed only when the deletion of its message is certain: `onFact` has to be told. A message that
 *    comes once more after that is done.
 */
export class FetchedHandler implements Handler {
  readonly #options: FetchedOptions;
  /** By message id: payloads of messages that have not come to their end. */
  readonly #inHand = new Map<string, PayloadPointer>();
  readonly #removals = new Set<Promise<void>>();
  readonly #removed = new Set<string>();
  #removalsFail = false;

  constructor(options: FetchedOptions) {
    this.#options = options;
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#options.handler.start?.(signal);
  }

  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    const { handler, buckets, bytesMax, remove, follow } = this.#options;
    const mark = payloadMark(message, follow);
    if (mark.kind === "inline") return handler.run(message, run);
    if (mark.kind === "broken") return { kind: "reject", reason: mark.detail };
    const { pointer, bytes, attributes } = mark;
    if (!buckets.includes(pointer.bucket)) return { kind: "reject", reason: foreignBucket(pointer) };
    if (this.#removed.has(message.id)) return done;
    if (remove) this.#inHand.set(message.id, pointer);
    const read =
      bytes !== undefined && bytes > bytesMax ? { kind: "tooLarge" as const, bytes } : await this.#read(pointer, run);
    if (read.kind === "read") return handler.run(withPayload(message, read.body, attributes), run);
    const reason = payloadFault(pointer, read, bytesMax);
    if (read.kind !== "unavailable") return { kind: "reject", reason };
    return run.signal.aborted ? { kind: "retry", error: run.signal.reason } : { kind: "defer", reason };
  }

  /** Waits for the removals under way, but not for long: what stays is for the bucket's lifecycle rule. */
  async stop(): Promise<void> {
    const { handler, clock, store } = this.#options;
    await handler.stop?.();
    const removed = new AbortController();
    const all = Promise.all(this.#removals).then(() => removed.abort());
    await Promise.race([all, sleep(clock, STOP_MS, removed.signal)]);
    store.close();
  }

  /** To be told all facts, for the ends of messages. */
  readonly onFact = (fact: Fact): void => {
    if (fact.kind !== "settled" && fact.kind !== "released") return;
    const { messageId } = fact.delivery;
    const pointer = this.#inHand.get(messageId);
    if (!pointer) return;
    this.#inHand.delete(messageId);
    if (fact.kind === "settled" && fact.outcome === "done" && fact.certain) this.#remove(messageId, pointer);
  };

  #read(pointer: PayloadPointer, run: Run): Promise<PayloadRead> {
    const { clock, store, bytesMax } = this.#options;
    return withDeadline(clock, READ_DEADLINE_MS, run.signal, (signal) => store.read(pointer, bytesMax, signal));
  }

  #remove(messageId: string, pointer: PayloadPointer): void {
    const { clock, store } = this.#options;
    this.#removed.add(messageId);
    if (this.#removed.size > REMOVED_MAX) this.#removed.delete(this.#removed.values().next().value!);
    const removal: Promise<void> = withDeadline(clock, REMOVE_DEADLINE_MS, never, (signal) =>
      store.remove(pointer, signal),
    )
      .then(
        () => this.#tellRemovals(false),
        (error) => this.#tellRemovals(true, error),
      )
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  /** Once for each change. */
  #tellRemovals(fail: boolean, error?: unknown): void {
    if (fail === this.#removalsFail) return;
    this.#removalsFail = fail;
    const text = fail
      ? "payloads can't be removed: they stay in the bucket, unless it has a lifecycle rule"
      : "payloads are removed again";
    this.#options.telemetry({ kind: "warning", text, ...(error !== undefined && { error }) });
  }
}
