import { type Clock, sleep } from "../pipeline/ports/clock.js";
import { withDeadline } from "../pipeline/ports/deadline.js";
import type { Handler, Run } from "../pipeline/ports/handler.js";
import { done, type Outcome } from "../pipeline/ports/outcome.js";
import type { PayloadPointer, PayloadRead, PayloadStore } from "../pipeline/ports/payload.js";
import type { ReceivedMessage } from "../pipeline/ports/queue.js";
import type { Fact, Telemetry } from "../pipeline/ports/telemetry.js";
import { payloadMark, withPayload } from "./payload-pointer.js";

export interface FetchedOptions {
  /** Runs the agent. */
  readonly handler: Handler;
  readonly store: PayloadStore;
  /** Pointers to other buckets are rejected: who may send a message may else have the worker read anything. */
  readonly buckets: readonly string[];
  readonly bytesMax: number;
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
const MIB = 2 ** 20;
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
    const { handler, buckets, bytesMax, remove } = this.#options;
    const mark = payloadMark(message);
    if (mark.kind === "inline") return handler.run(message, run);
    if (mark.kind === "broken") return { kind: "reject", reason: mark.detail };
    const { pointer, bytes } = mark;
    if (!buckets.includes(pointer.bucket)) {
      const reason = `its payload is in the bucket ${JSON.stringify(pointer.bucket)}, which is none of PAYLOAD_BUCKETS`;
      return { kind: "reject", reason };
    }
    if (this.#removed.has(message.id)) return done;
    if (remove) this.#inHand.set(message.id, pointer);
    const read =
      bytes !== undefined && bytes > bytesMax ? { kind: "tooLarge" as const, bytes } : await this.#read(pointer, run);
    const where = `its payload s3://${pointer.bucket}/${pointer.key}`;
    switch (read.kind) {
      case "read":
        return handler.run(withPayload(message, read.body), run);
      case "missing":
        return { kind: "reject", reason: `${where} doesn't exist` };
      case "tooLarge":
        return {
          kind: "reject",
          reason: `${where} has ${read.bytes} bytes or more, and at most ${bytesMax} (${bytesMax / MIB} MiB) are allowed`,
        };
      case "notText":
        return { kind: "reject", reason: `${where} is no UTF-8` };
      case "unavailable":
        if (run.signal.aborted) return { kind: "retry", error: run.signal.reason };
        return { kind: "defer", reason: `${where} can't be read: ${read.detail}` };
    }
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
