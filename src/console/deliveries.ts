import { Histogram } from "../observe/histogram.js";
import type { Clock } from "../pipeline/ports/clock.js";
import type { Awaiting } from "../pipeline/ports/status.js";
import type { DeliveryFacts, Fact } from "../pipeline/ports/telemetry.js";
import type { SlotView } from "./api.js";
import type { ErrorKind, MessageDetail, MessageFilter, Messages } from "./api-messages.js";
import { AwaitingEntries } from "./awaiting-entries.js";
import type { DeliveryEntry } from "./delivery-entry.js";
import type { ErrorTable } from "./error-table.js";
import { KeptEntries } from "./kept-entries.js";

/** Far more than a worker may have in hand: a bound against facts that never end. */
const LIVE_MAX = 5_000;
const SLOTS_MAX = 100;
const LISTED = 100;
/** A trace is looked for in attributes and body: of failures each, of successes so many in a second. */
const TRACES_PER_SECOND = 100;

type Settled = Extract<Fact, { kind: "settled" }>;

/**
 * What runs at this moment and the last thousand deliveries. A message costs two reads of the clock and some look-ups:
 * entries are used again, and what has to be made for showing is made when somebody looks.
 */
export class Deliveries {
  /** Milliseconds from sent to done, of messages that were done at their first receive. */
  readonly firstTryMs = new Histogram();
  /** The same of the others. */
  readonly laterTryMs = new Histogram();
  readonly #clock: Clock;
  readonly #errors: ErrorTable;
  readonly #live = new Map<string, DeliveryEntry>();
  readonly #awaiting: AwaitingEntries;
  readonly #kept = new KeptEntries();
  #second = Number.NEGATIVE_INFINITY;
  #tracesLookedFor = 0;

  /** @param awaiting those that budgets keep waiting at this moment. */
  constructor(clock: Clock, errors: ErrorTable, awaiting: () => Iterable<Awaiting> = () => []) {
    this.#clock = clock;
    this.#errors = errors;
    this.#awaiting = new AwaitingEntries(awaiting, this.#live);
  }

  /** Number of the newest that has ended. */
  get newest(): number {
    return this.#kept.newest;
  }

  record(fact: Fact): void {
    switch (fact.kind) {
      case "started":
        return this.#started(fact);
      case "ended":
        return this.#ended(fact);
      case "settled":
        return this.#settled(fact);
      case "released": {
        const entry = this.#taken(fact.delivery);
        entry.state = "released";
        entry.error = fact.reason;
        entry.at = this.#clock.monotonic();
        return this.#kept.keep(entry);
      }
      case "retriedHere": {
        const { delivery, cause } = fact;
        const entry = this.#live.get(delivery.messageId);
        const filed = this.#fail("retriedHere", cause, delivery.messageId);
        entry?.between(this.#clock.monotonic(), `failed, tried again here: ${filed.text}`);
        return;
      }
      case "deferred":
        this.#live.get(fact.delivery.messageId)?.between(this.#clock.monotonic(), `held back here: ${fact.reason}`);
        return;
      case "busy":
        this.#live.get(fact.delivery.messageId)?.between(this.#clock.monotonic(), `waits: ${fact.reason}`);
        return;
      case "progress":
        this.#live.get(fact.delivery.messageId)?.note(this.#clock.monotonic(), fact.note);
    }
  }

  /** The longest running first. */
  slots(): SlotView[] {
    const epoch = this.#epoch();
    // A map keeps the order in which its entries came, which is that of their starts but for runs after the first.
    const busy: SlotView[] = [];
    for (const entry of this.#live.values()) {
      if (entry.busy) busy.push(entry.slot(epoch));
      if (busy.length === SLOTS_MAX) break;
    }
    return busy;
  }

  list({ outcome, error, group, key, text, limit = LISTED }: MessageFilter): Messages {
    const epoch = this.#epoch();
    const lower = text?.toLowerCase();
    const running = outcome === undefined || outcome === "running" ? [...this.#live.values()] : [];
    const waiting = outcome === undefined || outcome === "waiting" ? this.#awaiting.list() : [];
    const all = [...waiting, ...running.filter(({ busy }) => busy).reverse(), ...this.#kept.newestFirst()];
    const found = all.filter(
      (entry) =>
        (outcome === undefined || entry.state === outcome) &&
        (error === undefined || entry.errorGroup === error) &&
        (group === undefined || entry.groupId === group) &&
        (key === undefined || entry.messageId.startsWith(key)) &&
        (lower === undefined || entry.contains(lower)),
    );
    return {
      now: this.#clock.wall(),
      kept: this.#kept.size,
      matching: found.length,
      messages: found.slice(0, limit).map((entry) => entry.view(epoch)),
    };
  }

  /** The latest delivery of a message. */
  detail(id: string): MessageDetail | undefined {
    const entry =
      this.#awaiting.find(id) ??
      this.#live.get(id) ??
      this.#kept.newestFirst().find(({ messageId }) => messageId === id);
    return entry?.detail(this.#epoch());
  }

  #started({ delivery, inQueueMs, bufferedMs }: Extract<Fact, { kind: "started" }>): void {
    let entry = this.#live.get(delivery.messageId);
    if (!entry) {
      entry = this.#kept.fresh(delivery);
      this.#live.set(delivery.messageId, entry);
      if (this.#live.size > LIVE_MAX) this.#forgetOldest();
    }
    entry.receiveCount = delivery.receiveCount;
    entry.starts(this.#clock.monotonic(), inQueueMs ?? Number.NaN, bufferedMs);
  }

  #ended({ delivery, agentMs, extended }: Extract<Fact, { kind: "ended" }>): void {
    const entry = this.#live.get(delivery.messageId);
    if (!entry) return;
    entry.busy = false;
    entry.agentMs = agentMs;
    entry.endedAt = entry.startedAt + agentMs;
    entry.extended = extended;
  }

  #settled(fact: Settled): void {
    const { outcome, delivery, certain } = fact;
    const entry = this.#taken(delivery);
    const now = this.#clock.monotonic();
    entry.at = now;
    entry.state = outcome;
    entry.busy = false;
    entry.certain = certain;
    if (outcome !== "done" || this.#mayLookForTrace(now)) entry.traceId = delivery.trace?.traceId;
    if (outcome === "done") {
      if (certain && entry.inQueueMs >= 0) {
        const times = delivery.receiveCount > 1 ? this.laterTryMs : this.firstTryMs;
        times.record(entry.inQueueMs + now - entry.startedAt);
      }
    } else {
      const filed = this.#fail(outcome, fact.cause, delivery.messageId);
      entry.error = filed.text;
      entry.errorGroup = filed.group;
      entry.stack = filed.stack;
      if (fact.deadLettered || (outcome === "reject" && certain)) entry.deadLetter = "copied";
      else if (fact.lastReceive) entry.deadLetter = "at its next receive";
    }
    this.#kept.keep(entry);
  }

  #mayLookForTrace(now: number): boolean {
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#tracesLookedFor = 0;
    }
    return this.#tracesLookedFor++ < TRACES_PER_SECOND;
  }

  #fail(kind: ErrorKind, cause: unknown, messageId: string) {
    return this.#errors.add({ kind, cause, messageId, at: this.#clock.wall() });
  }

  /** The delivery's entry, no longer among those in hand. */
  #taken(delivery: DeliveryFacts): DeliveryEntry {
    const entry = this.#live.get(delivery.messageId);
    if (!entry) return this.#kept.fresh(delivery);
    this.#live.delete(delivery.messageId);
    return entry;
  }

  #forgetOldest(): void {
    const [oldest] = this.#live.keys();
    if (oldest !== undefined) this.#live.delete(oldest);
  }

  #epoch(): number {
    return this.#clock.wall() - this.#clock.monotonic();
  }
}
