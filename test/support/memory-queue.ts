import type { Clock, Timer } from "../../src/pipeline/ports/clock.js";
import {
  BATCH_MAX,
  type DeadLetter,
  type EntryResult,
  type Queue,
  QueueError,
  type ReceivedMessage,
  VISIBILITY_MAX_SECONDS,
  type VisibilityChange,
} from "../../src/pipeline/ports/queue.js";
import { type DeadMessage, MemoryMessage, type SendOptions } from "./memory-message.js";

/** FIFO queues swallow a message that repeats a deduplication id for so long. */
const DEDUPLICATION_MS = 300_000;

export type Operation = "receive" | "delete" | "changeVisibility" | "copyToDeadLetters";

/** What goes wrong with one call. */
export type Fault =
  /** Rejects; nothing happens on the queue. */
  | QueueError
  /** Takes effect on the queue, then rejects: the answer got lost. A receive leaves ghosts. */
  | { readonly lost: QueueError }
  /** Never answers; rejects when the signal aborts. Nothing happens on the queue. */
  | "hang"
  /** Batches: answers these entries so, and does nothing to them; undefined lets an entry through. */
  | { readonly entries: readonly (EntryResult | undefined)[] }
  /** Receives: the first message is twice in the answer, the second time with the good handle. */
  | "duplicate"
  /** Receives: gives up to so many more than asked. */
  | { readonly extra: number }
  /** Receives: the first message's MD5 doesn't match. */
  | "corrupt";

/** One call as it was made; `at` is the clock's monotonic milliseconds. */
export interface Call {
  readonly operation: Operation;
  readonly at: number;
  readonly max?: number;
  readonly waitSeconds?: number;
  readonly handles?: readonly string[];
  readonly changes?: readonly VisibilityChange[];
  readonly letters?: readonly DeadLetter[];
}

export interface MemoryQueueOptions {
  readonly clock: Clock;
  readonly fifo?: boolean;
  /** Seconds that a receive hides a message; 30 if unset. */
  readonly visibilityTimeoutSeconds?: number;
  /** After so many receives a message goes to `deadLetters` instead of being handed out; unset: never. */
  readonly maxReceiveCount?: number;
  /** True: it says so, as a queue does whose attributes were read. */
  readonly tellsMaxReceiveCount?: boolean;
  /** False: there is no dead-letter queue to copy to. */
  readonly deadLetterQueue?: boolean;
  /** How long each call takes, in milliseconds of the clock; 0 if unset. */
  readonly latencyMs?: number;
  /** Uniform in [0, 1): a standard queue gives messages in no certain order; unset: in the order sent. */
  readonly random?: () => number;
}

const ok: EntryResult = { ok: true };
const stale = (detail: string): EntryResult => ({ ok: false, kind: "stale", detail });

/**
 * SQS in memory, on a clock of the test's own: visibility timeouts, receive counts, only the latest handle good, long
 * polls that wait, FIFO groups, redrive. It is as unhelpful as SQS: a delete by an old handle says "ok" and deletes
 * nothing. Faults are put in by `failNext`, and every call is kept in `calls`.
 */
export class MemoryQueue implements Queue {
  readonly calls: Call[] = [];
  readonly deadLetters: DeadMessage[] = [];
  /** Bodies and ids of what was deleted, in order. */
  readonly deleted: { readonly id: string; readonly body: string }[] = [];
  readonly copyToDeadLetters: Queue["copyToDeadLetters"];
  readonly maxReceiveCount: number | undefined;
  /** Receives that wait now. */
  openPolls = 0;

  readonly #options: MemoryQueueOptions;
  readonly #clock: Clock;
  readonly #messages = new Set<MemoryMessage>();
  readonly #byHandle = new Map<string, MemoryMessage>();
  readonly #faults = new Map<Operation, Fault[]>();
  readonly #waiting = new Set<() => void>();
  readonly #deduplicated = new Map<string, number>();
  #made = 0;
  #timer: Timer;

  constructor(options: MemoryQueueOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.maxReceiveCount = options.tellsMaxReceiveCount ? options.maxReceiveCount : undefined;
    this.copyToDeadLetters =
      options.deadLetterQueue === false ? undefined : (letters, signal) => this.#copy(letters, signal);
  }

  /** Puts a message in, as a producer does; returns its id. */
  send(body: string, options: SendOptions = {}): string {
    const now = this.#clock.monotonic();
    const id = options.id ?? `message-${this.#made + 1}`;
    const { deduplicationId } = options;
    if (this.#options.fifo && deduplicationId !== undefined) {
      const before = this.#deduplicated.get(deduplicationId);
      if (before !== undefined && now - before < DEDUPLICATION_MS) return id;
      this.#deduplicated.set(deduplicationId, now);
    }
    const visibleAt = now + (options.delaySeconds ?? 0) * 1000;
    this.#messages.add(new MemoryMessage(id, ++this.#made, body, this.#clock.wall(), visibleAt, options));
    this.#wake();
    return id;
  }

  /** How many messages a receive could get now, groups that are locked left out of account. */
  visible(): number {
    const now = this.#clock.monotonic();
    return [...this.#messages].filter((message) => message.visibleAt <= now).length;
  }

  inFlight(): number {
    const now = this.#clock.monotonic();
    return [...this.#messages].filter((message) => message.inFlight(now)).length;
  }

  /** What the queue knows of a message that it still holds; `visibleAt` by the clock's monotonic milliseconds. */
  state(id: string): { readonly receiveCount: number; readonly visibleAt: number } | undefined {
    return this.#find(id);
  }

  /** Shows a message although somebody may hold it, as a standard queue does now and then: at-least-once delivery. */
  show(id: string): void {
    const message = this.#find(id);
    if (message) message.visibleAt = Math.min(message.visibleAt, this.#clock.monotonic());
    this.#wake();
  }

  /** Ids of everything that the queue still holds, hidden or not. */
  ids(): string[] {
    return [...this.#messages].map(({ id }) => id);
  }

  /** Makes the next `times` calls of an operation go wrong; several faults queue up. */
  failNext(operation: Operation, fault: Fault, times = 1): void {
    const faults = this.#faults.get(operation) ?? [];
    this.#faults.set(operation, faults.concat(Array<Fault>(times).fill(fault)));
  }

  async receive(max: number, waitSeconds: number, signal: AbortSignal): Promise<ReceivedMessage[]> {
    const fault = await this.#begin({ operation: "receive", at: this.#clock.monotonic(), max, waitSeconds }, signal);
    const most = typeof fault === "object" && "extra" in fault ? max + fault.extra : max;
    let messages = this.#take(most);
    const end = this.#clock.monotonic() + waitSeconds * 1000;
    while (messages.length === 0 && this.#clock.monotonic() < end) {
      await this.#change(end - this.#clock.monotonic(), signal);
      messages = this.#take(most);
    }
    const first = messages[0];
    if (first && fault === "duplicate") messages.unshift({ ...first, handle: `${first.handle}-superseded` });
    if (first && fault === "corrupt") messages[0] = { ...first, intact: false };
    return answer(messages, fault);
  }

  async delete(handles: readonly string[], signal: AbortSignal): Promise<EntryResult[]> {
    const fault = await this.#begin(
      { operation: "delete", at: this.#clock.monotonic(), handles: [...handles] },
      signal,
    );
    return this.#entries(handles, fault, (handle) => {
      const message = this.#held(handle);
      if (!message) return this.#options.fifo ? stale("The receipt handle has expired") : ok;
      if (this.#options.fifo && !message.inFlight(this.#clock.monotonic()))
        return stale("The receipt handle has expired");
      this.#remove(message);
      this.deleted.push({ id: message.id, body: message.body });
      return ok;
    });
  }

  async changeVisibility(changes: readonly VisibilityChange[], signal: AbortSignal): Promise<EntryResult[]> {
    const call: Call = { operation: "changeVisibility", at: this.#clock.monotonic(), changes: [...changes] };
    const fault = await this.#begin(call, signal);
    return this.#entries(changes, fault, ({ handle, seconds }) => {
      const now = this.#clock.monotonic();
      const message = this.#held(handle);
      if (!message?.inFlight(now)) return stale("MessageNotInflight");
      const hiddenFor = (now - message.hiddenSince!) / 1000;
      if (seconds < 0 || hiddenFor + seconds > VISIBILITY_MAX_SECONDS) {
        const detail = `Total VisibilityTimeout for the message is beyond the limit [${VISIBILITY_MAX_SECONDS} seconds]`;
        return { ok: false, kind: "refused", detail };
      }
      message.visibleAt = now + seconds * 1000;
      this.#wake();
      return ok;
    });
  }

  async #copy(letters: readonly DeadLetter[], signal: AbortSignal): Promise<EntryResult[]> {
    const call: Call = { operation: "copyToDeadLetters", at: this.#clock.monotonic(), letters: [...letters] };
    const fault = await this.#begin(call, signal);
    return this.#entries(letters, fault, ({ message, reason }) => {
      const { id, body, attributes, receiveCount, groupId, traceHeader } = message;
      // As SqsQueue does it on FIFO: the same delivery copied twice is one dead letter.
      const copied = this.deadLetters.some((dead) => dead.id === id && dead.receiveCount === receiveCount);
      if (this.#options.fifo && copied) return ok;
      const at = this.#clock.monotonic();
      this.deadLetters.push({ id, body, attributes, receiveCount, groupId, traceHeader, by: "copy", reason, at });
      return ok;
    });
  }

  /** Keeps the call, lets its time pass, and fails it if it is to fail at once. */
  async #begin(call: Call, signal: AbortSignal): Promise<Fault | undefined> {
    const entries = call.handles ?? call.changes ?? call.letters;
    if (entries && (entries.length === 0 || entries.length > BATCH_MAX)) {
      throw new RangeError(`${call.operation} takes between 1 and ${BATCH_MAX} entries, got ${entries.length}`);
    }
    if (call.max !== undefined && !(call.max >= 1 && call.max <= BATCH_MAX)) {
      throw new RangeError(`receive takes between 1 and ${BATCH_MAX} messages, got ${call.max}`);
    }
    if (signal.aborted) throw given(signal);
    this.calls.push(call);
    const fault = this.#faults.get(call.operation)?.shift();
    if (this.#options.latencyMs) await this.#pause(this.#options.latencyMs, signal);
    if (fault === "hang") await this.#pause(Number.POSITIVE_INFINITY, signal);
    if (fault instanceof QueueError) throw fault;
    return fault;
  }

  #entries<Entry>(
    entries: readonly Entry[],
    fault: Fault | undefined,
    apply: (entry: Entry) => EntryResult,
  ): EntryResult[] {
    const forced = typeof fault === "object" && "entries" in fault ? fault.entries : [];
    return answer(
      entries.map((entry, index) => forced[index] ?? apply(entry)),
      fault,
    );
  }

  #take(max: number): ReceivedMessage[] {
    const now = this.#clock.monotonic();
    const locked = new Set<string>();
    if (this.#options.fifo) {
      for (const message of this.#messages) if (message.inFlight(now)) locked.add(message.options.groupId ?? "");
    }
    const taken: ReceivedMessage[] = [];
    for (const message of this.#inTurn()) {
      if (taken.length === max) break;
      const group = message.options.groupId ?? "";
      if (locked.has(group)) continue;
      if (message.visibleAt > now) {
        // A delayed head holds its group back: order is the promise.
        if (this.#options.fifo) locked.add(group);
        continue;
      }
      if (message.receiveCount >= (this.#options.maxReceiveCount ?? Number.POSITIVE_INFINITY)) {
        this.#remove(message);
        this.deadLetters.push(message.dead("redrive", now));
        continue;
      }
      message.receiveCount++;
      if (message.handle !== undefined) this.#byHandle.delete(message.handle);
      message.handle = `${message.id}#${message.receiveCount}`;
      this.#byHandle.set(message.handle, message);
      message.hiddenSince = now;
      message.firstReceivedAtWall ??= this.#clock.wall();
      message.visibleAt = now + (this.#options.visibilityTimeoutSeconds ?? 30) * 1000;
      taken.push(message.received(message.handle));
    }
    if (taken.length > 0) this.#arm();
    return taken;
  }

  #inTurn(): Iterable<MemoryMessage> {
    const { fifo, random } = this.#options;
    if (fifo || !random) return this.#messages;
    const all = [...this.#messages];
    const first = Math.floor(random() * all.length);
    return [...all.slice(first), ...all.slice(0, first)];
  }

  #find(id: string): MemoryMessage | undefined {
    for (const message of this.#messages) if (message.id === id) return message;
    return undefined;
  }

  #held(handle: string): MemoryMessage | undefined {
    return this.#byHandle.get(handle);
  }

  #remove(message: MemoryMessage): void {
    this.#messages.delete(message);
    if (message.handle !== undefined) this.#byHandle.delete(message.handle);
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Waits until something may have become visible, at most `ms`. */
  async #change(ms: number, signal: AbortSignal): Promise<void> {
    this.openPolls++;
    try {
      await this.#pause(ms, signal, true);
    } finally {
      this.openPolls--;
    }
  }

  #pause(ms: number, signal: AbortSignal, untilWoken = false): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (finish: () => void) => {
        if (this.#waiting.delete(woken)) this.#arm();
        this.#clock.clearTimer(timer);
        signal.removeEventListener("abort", aborted);
        finish();
      };
      const woken = () => end(resolve);
      const aborted = () => end(() => reject(given(signal)));
      const timer = Number.isFinite(ms) ? this.#clock.setTimer(woken, ms) : undefined;
      signal.addEventListener("abort", aborted, { once: true });
      if (signal.aborted) return aborted();
      if (untilWoken) {
        this.#waiting.add(woken);
        this.#arm();
      }
    });
  }

  /** One timer for the earliest message that will become visible, since nobody else would wake a poll then. */
  #arm(): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    const now = this.#clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const { visibleAt } of this.#messages) if (visibleAt > now && visibleAt < next) next = visibleAt;
    if (Number.isFinite(next)) this.#timer = this.#clock.setTimer(() => this.#wake(), next - now);
  }
}

function answer<Answer>(value: Answer, fault: Fault | undefined): Answer {
  if (typeof fault === "object" && "lost" in fault) throw fault.lost;
  return value;
}

function given(signal: AbortSignal): QueueError {
  return new QueueError("deadline", `the call was given up: ${String(signal.reason)}`, { cause: signal.reason });
}
