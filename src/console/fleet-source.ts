import type { Clock } from "../pipeline/ports/clock.js";
import type { ConsoleEvent, FleetRow, Now } from "./api.js";
import type { HistoryRange, History as HistoryView, Step } from "./api-history.js";
import type { ErrorGroups, MessageDetail, MessageFilter, Messages } from "./api-messages.js";
import { gathered, gatheredErrors, gatheredMessages, type Told } from "./gathered.js";
import { History } from "./history.js";
import type { PageSource } from "./page-source.js";
import type { StepValues } from "./series-ring.js";
import { shown } from "./shown.js";

export interface FleetSourceParts {
  /** The addresses of the workers' pages, as they are at this moment; rejects with what to tell. */
  readonly targets: () => Promise<readonly string[]>;
  /** The JSON at an address; rejects where it isn't to be had. */
  readonly ask: (url: string) => Promise<unknown>;
  readonly clock: Clock;
}

/** More would be asked for in each second than one process should. */
const TARGETS_MAX = 200;
/** Tasks come and go. */
const RESOLVE_EVERY_MS = 15_000;
const EVENTS_MAX = 100;
const LISTED = 100;
const COUNTED = ["done", "retry", "reject", "defer", "interrupted", "leaseLost"] as const;
const NO_STEP: Step = { at: 0, values: {} as Step["values"] };

interface Seen {
  now: Now | undefined;
  /** What the newest step is counted from: the same as `now` until there is a newer answer. */
  before: Now | undefined;
  trouble: string | undefined;
  newestEvent: number;
  asking: boolean;
}

/** Several workers on one page: each is asked once a second, and by itself; one that doesn't answer holds up no other. */
export class FleetSource implements PageSource {
  readonly #parts: FleetSourceParts;
  readonly #seen = new Map<string, Seen>();
  readonly #history = new History();
  readonly #events: ConsoleEvent[] = [];
  #made = 0;
  #resolvedAt = Number.NEGATIVE_INFINITY;
  #trouble: string | undefined;

  constructor(parts: FleetSourceParts) {
    this.#parts = parts;
  }

  tick(): void {
    const { clock } = this.#parts;
    const now = clock.monotonic();
    if (now - this.#resolvedAt >= RESOLVE_EVERY_MS) {
      this.#resolvedAt = now;
      void this.#resolve();
    }
    if (this.#told.length > 0) this.#history.add(clock.wall(), this.#step(), () => ({}));
    for (const [target, seen] of this.#seen) if (!seen.asking) void this.#ask(target, seen);
  }

  watched(): void {
    // Each worker sees by itself that its page is asked for.
  }

  now(eventsAfter: number): Now {
    const troubles = [...this.#seen].flatMap(([target, { trouble }]) => (trouble ? [`${target}: ${trouble}`] : []));
    const all = gathered(this.#told, this.#parts.clock.wall());
    return {
      ...all,
      notReady: [...(this.#trouble ? [this.#trouble] : []), ...troubles, ...all.notReady],
      events: this.#events.filter(({ number }) => number > eventsAfter),
      eventsLeftOut: this.#told.reduce((sum, { now }) => sum + now.eventsLeftOut, 0),
    };
  }

  /** A row for each worker, those that don't answer included. */
  rows(): readonly FleetRow[] {
    return [...this.#seen].map(([target, { now, trouble }]) => ({
      target,
      ...(trouble !== undefined && { trouble }),
      ...(now && rowOf(now)),
    }));
  }

  step(): Step {
    return this.#history.newest() ?? NO_STEP;
  }

  history(range: HistoryRange): HistoryView {
    return this.#history.view(range);
  }

  async errors(): Promise<ErrorGroups> {
    return gatheredErrors(await this.#askAll<ErrorGroups>("/api/errors"), this.#parts.clock.wall());
  }

  async messages(filter: MessageFilter): Promise<Messages> {
    const query = new URLSearchParams(
      Object.entries(filter).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const all = await this.#askAll<Messages>(`/api/messages?${query}`);
    return gatheredMessages(all, this.#parts.clock.wall(), filter.limit ?? LISTED);
  }

  async message(id: string): Promise<MessageDetail | undefined> {
    const all = await this.#askAll<MessageDetail>(`/api/messages/${encodeURIComponent(id)}`);
    return all.sort((a, b) => b.at - a.at)[0];
  }

  get #told(): Told[] {
    return [...this.#seen].flatMap(([target, { now }]) => (now ? [{ target, now }] : []));
  }

  async #resolve(): Promise<void> {
    try {
      const found = await this.#parts.targets();
      this.#trouble =
        found.length === 0
          ? "no worker was found"
          : found.length > TARGETS_MAX
            ? `${found.length} workers were found, and the first ${TARGETS_MAX} are shown`
            : undefined;
      const wanted = new Set(found.slice(0, TARGETS_MAX));
      for (const target of this.#seen.keys()) if (!wanted.has(target)) this.#seen.delete(target);
      for (const target of wanted) {
        if (this.#seen.has(target)) continue;
        const fresh: Seen = { now: undefined, before: undefined, trouble: undefined, newestEvent: 0, asking: false };
        this.#seen.set(target, fresh);
        void this.#ask(target, fresh);
      }
    } catch (error) {
      this.#trouble = shown((error as Error).message);
    }
  }

  async #ask(target: string, seen: Seen): Promise<void> {
    seen.asking = true;
    try {
      const now = (await this.#parts.ask(`${target}/api/now`)) as Now;
      if (typeof now?.queueName !== "string") throw new Error("it is no queuehand's page");
      // Another worker at the same address counts anew.
      if (seen.now?.startedAt !== now.startedAt) {
        seen.before = now;
        seen.newestEvent = 0;
      }
      seen.now = now;
      seen.trouble = undefined;
      this.#take(target, seen, now.events);
    } catch (error) {
      seen.now = seen.before = undefined;
      seen.trouble = shown((error as Error).message);
    } finally {
      seen.asking = false;
    }
  }

  #take(target: string, seen: Seen, events: readonly ConsoleEvent[]): void {
    for (const event of events) {
      if (event.number <= seen.newestEvent) continue;
      seen.newestEvent = event.number;
      this.#events.push({ ...event, number: ++this.#made, what: `${new URL(target).host}: ${event.what}` });
      if (this.#events.length > EVENTS_MAX) this.#events.shift();
    }
  }

  async #askAll<Answer>(path: string): Promise<Answer[]> {
    const asked = this.#told.map(({ target }) => this.#parts.ask(target + path).catch(() => undefined));
    return ((await Promise.all(asked)) as (Answer | undefined)[]).filter((answer) => answer !== undefined);
  }

  #step(): StepValues {
    const { worker, queue, tasks, firstTryMs, inQueueMs, agentMs } = gathered(this.#told, this.#parts.clock.wall());
    const grown = (value: (now: Now) => number) =>
      [...this.#seen.values()].reduce((sum, { now, before }) => {
        return now && before ? sum + Math.max(0, value(now) - value(before)) : sum;
      }, 0);
    const values = {
      received: grown(({ totals }) => totals.received),
      ...Object.fromEntries(COUNTED.map((kind) => [kind, grown(({ totals }) => totals.settled[kind])])),
      waiting: queue?.waiting,
      inFlight: queue?.inFlight,
      delayed: queue?.delayed,
      deadLetters: queue?.deadLetters,
      busy: worker.busy,
      buffered: worker.buffered,
      slots: worker.slots,
      tasks,
      firstTryP50: firstTryMs?.p50,
      firstTryP95: firstTryMs?.p95,
      firstTryP99: firstTryMs?.p99,
      inQueueP50: inQueueMs?.p50,
      inQueueP99: inQueueMs?.p99,
      agentP50: agentMs?.p50,
      agentP99: agentMs?.p99,
    };
    for (const seen of this.#seen.values()) seen.before = seen.now;
    return values;
  }
}

function rowOf({ queueName, worker, now, startedAt, notReady, ...figures }: Now): Omit<FleetRow, "target" | "trouble"> {
  const { handledPerSecond, failuresPerMinute, successRate, firstTryMs } = figures;
  return {
    queueName,
    state: worker.state,
    ready: notReady.length === 0,
    busy: worker.busy,
    slots: worker.slots,
    upSeconds: Math.round((now - startedAt) / 1_000),
    handledPerSecond,
    failuresPerMinute,
    ...(successRate !== undefined && { successRate }),
    ...(firstTryMs && { firstTryMs }),
  };
}
