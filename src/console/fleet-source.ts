import type { Clock } from "../pipeline/ports/clock.js";
import type { ConsoleEvent, FleetRow, Now } from "./api.js";
import type { HistoryRange, History as HistoryView, Step } from "./api-history.js";
import type { ErrorGroups, MessageDetail, MessageFilter, Messages } from "./api-messages.js";
import { FleetWorker } from "./fleet-worker.js";
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

/** Several workers on one page: each is asked once a second, and by itself; one that doesn't answer holds up no other. */
export class FleetSource implements PageSource {
  readonly #parts: FleetSourceParts;
  readonly #workers = new Map<string, FleetWorker>();
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
    for (const worker of this.#workers.values()) void worker.ask();
  }

  watched(): void {
    // Each worker sees by itself that its page is asked for.
  }

  now(eventsAfter: number): Now {
    const troubles = [...this.#workers].flatMap(([target, { trouble }]) => (trouble ? [`${target}: ${trouble}`] : []));
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
    return [...this.#workers.values()].map(({ row }) => row);
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
    return [...this.#workers].flatMap(([target, { now }]) => (now ? [{ target, now }] : []));
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
      for (const target of this.#workers.keys()) if (!wanted.has(target)) this.#workers.delete(target);
      for (const target of wanted) {
        if (this.#workers.has(target)) continue;
        const { ask } = this.#parts;
        const fresh = new FleetWorker({ target, ask, onEvent: (event) => this.#keep(target, event) });
        this.#workers.set(target, fresh);
        void fresh.ask();
      }
    } catch (error) {
      this.#trouble = shown((error as Error).message);
    }
  }

  #keep(target: string, event: ConsoleEvent): void {
    this.#events.push({ ...event, number: ++this.#made, what: `${new URL(target).host}: ${event.what}` });
    if (this.#events.length > EVENTS_MAX) this.#events.shift();
  }

  async #askAll<Answer>(path: string): Promise<Answer[]> {
    const asked = this.#told.map(({ target }) => this.#parts.ask(target + path).catch(() => undefined));
    return ((await Promise.all(asked)) as (Answer | undefined)[]).filter((answer) => answer !== undefined);
  }

  #step(): StepValues {
    const { worker, queue, tasks, firstTryMs, inQueueMs, agentMs } = gathered(this.#told, this.#parts.clock.wall());
    const grown = (value: (now: Now) => number) =>
      [...this.#workers.values()].reduce((sum, worker) => sum + worker.grown(value), 0);
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
    for (const worker of this.#workers.values()) worker.endStep();
    return values;
  }
}
