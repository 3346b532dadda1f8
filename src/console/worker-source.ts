import type { Counters } from "../observe/counters.js";
import type { Clock } from "../pipeline/ports/clock.js";
import type { Awaiting, WorkerStatus } from "../pipeline/ports/status.js";
import { type Telemetry, WITHOUT_RUN } from "../pipeline/ports/telemetry.js";
import type { Now } from "./api.js";
import type { HistoryRange, History as HistoryView, Step } from "./api-history.js";
import type { ErrorGroups, MessageDetail, MessageFilter, Messages } from "./api-messages.js";
import { BudgetBoard } from "./budget-board.js";
import { Deliveries } from "./deliveries.js";
import { ErrorTable } from "./error-table.js";
import { EventRing } from "./event-ring.js";
import { History } from "./history.js";
import { type CountsSource, LatestCounts } from "./latest-counts.js";
import type { LetterDesk, PageSource } from "./page-source.js";
import { RecentSums, type Sums } from "./recent-sums.js";
import type { StepValues } from "./series-ring.js";
import { ShownTimes } from "./shown-times.js";

export interface WorkerSourceParts {
  readonly queueName: string;
  readonly status: () => WorkerStatus;
  /** Messages in hand that budgets keep waiting; unset: none. */
  readonly awaiting?: (() => Iterable<Awaiting>) | undefined;
  readonly counters: Counters;
  /** Why the worker isn't ready; empty when it is. */
  readonly notReady: () => string[];
  /** Tasks that work on the queue, as far as is known. */
  readonly tasks: () => number;
  /** Unset, the page leaves out what only the queue knows. */
  readonly counts?: CountsSource | undefined;
  readonly deadLetters?: LetterDesk | undefined;
  readonly clock: Clock;
}

const NO_STEP: Step = { at: 0, values: {} as Step["values"] };

/** What the page shows of one worker: it hears every fact, and samples the rest once a second. */
export class WorkerSource implements PageSource {
  readonly deadLetters: LetterDesk | undefined;
  readonly #parts: WorkerSourceParts;
  readonly #events: EventRing;
  readonly #errors = new ErrorTable();
  readonly #deliveries: Deliveries;
  readonly #history = new History();
  readonly #sums = new RecentSums();
  readonly #counts: LatestCounts;
  readonly #budgets = new BudgetBoard();
  readonly #times: ShownTimes;
  readonly #startedAt: number;
  #breaker: Now["breaker"];

  constructor(parts: WorkerSourceParts) {
    const { clock, counters, counts, deadLetters } = parts;
    this.#parts = parts;
    this.deadLetters = deadLetters;
    this.#events = new EventRing(clock);
    this.#deliveries = new Deliveries(clock, this.#errors, parts.awaiting);
    this.#counts = new LatestCounts(counts);
    const { firstTryMs, laterTryMs } = this.#deliveries;
    const { inQueueMs, agentMs, budgetWaitMs } = counters;
    this.#times = new ShownTimes({ firstTryMs, laterTryMs, inQueueMs, agentMs, budgetWaitMs }, clock.monotonic());
    this.#startedAt = clock.wall();
  }

  /** The listener; bound, so that it can be handed on as it is. */
  readonly record: Telemetry = (fact) => {
    if (fact.kind === "breaker") this.#breaker = fact.open ? { failures: fact.failures, of: fact.of } : undefined;
    this.#deliveries.record(fact);
    this.#events.record(fact);
  };

  /** Samples; to be called once a second. */
  tick(): void {
    const { counters, clock } = this.#parts;
    const { totals } = counters;
    const at = clock.monotonic();
    const { retry, reject, leaseLost, done } = totals.settled;
    const before = this.#sums.newest;
    const sums = {
      at,
      handled: counters.handled,
      received: totals.received,
      receives: totals.receives,
      done,
      failed: retry + reject + leaseLost + totals.retriedHere,
      withoutRun: WITHOUT_RUN.reduce((sum, cause) => sum + totals.withoutRun[cause], 0),
      settled: { ...totals.settled },
    };
    this.#sums.add(sums);
    this.#times.tick(at);
    this.#budgets.tick(this.#parts.status().budgets);
    void this.#counts.tick(at);
    // What happened before the first sample has no second to belong to.
    if (before) this.#history.add(clock.wall(), this.#step(before, sums), () => this.#times.minute());
    else this.#history.add(clock.wall(), this.#step(sums, sums), () => ({}));
  }

  watched(): void {
    this.#counts.watched(this.#parts.clock.monotonic());
  }

  now(eventsAfter: number): Now {
    const { queueName, status, counters, clock, notReady, tasks } = this.#parts;
    const queue = this.#counts.latest;
    const { lastReceiveOkAt: _, budgetLimits: __, budgets, ...worker } = status();
    const board = this.#budgets.view(budgets, queue?.waiting);
    const trouble = counters.receiveTrouble;
    const minute = this.#sums.growth();
    const ended = minute.done + minute.failed;
    return {
      queueName,
      startedAt: this.#startedAt,
      now: clock.wall(),
      worker,
      notReady: notReady(),
      tasks: tasks(),
      ...(queue && { queue }),
      slots: this.#deliveries.slots(),
      handled: counters.handled,
      handledPerSecond: this.#sums.perSecond("handled"),
      receivedPerSecond: this.#sums.perSecond("received"),
      ...(ended > 0 && { successRate: minute.done / ended }),
      failuresPerMinute: minute.failed,
      withoutRunPerMinute: minute.withoutRun,
      ...(minute.handled > 0 && { receivesPerMessage: minute.receives / minute.handled }),
      ...this.#times.recent(),
      ...(board && { budgets: board }),
      totals: counters.totals,
      hungAgents: counters.hungAgents,
      ...(trouble && {
        receiveTrouble: { cause: trouble.cause, seconds: (clock.monotonic() - trouble.since) / 1_000 },
      }),
      ...(this.#breaker && { breaker: this.#breaker }),
      events: this.#events.after(eventsAfter),
      eventsLeftOut: this.#events.leftOut,
      newestMessage: this.#deliveries.newest,
    };
  }

  step(): Step {
    return this.#history.newest() ?? NO_STEP;
  }

  history(range: HistoryRange): HistoryView {
    return this.#history.view(range);
  }

  errors(): ErrorGroups {
    return this.#errors.list(this.#parts.clock.wall());
  }

  messages(filter: MessageFilter): Messages {
    return this.#deliveries.list(filter);
  }

  message(id: string): MessageDetail | undefined {
    return this.#deliveries.detail(id);
  }

  #step(before: Sampled, after: Sampled): StepValues {
    const { busy, buffered, slots } = this.#parts.status();
    const queue = this.#counts.latest;
    const grown = (kind: keyof Sampled["settled"]) => after.settled[kind] - before.settled[kind];
    return {
      received: after.received - before.received,
      done: grown("done"),
      retry: grown("retry"),
      reject: grown("reject"),
      defer: grown("defer"),
      interrupted: grown("interrupted"),
      leaseLost: grown("leaseLost"),
      // Where nobody knows the queue's part, what waits here is all that there is to draw.
      waiting: this.#counts.known ? queue?.waiting : undefined,
      inFlight: queue?.inFlight,
      delayed: queue?.delayed,
      deadLetters: queue?.deadLetters,
      busy,
      buffered,
      slots,
      tasks: this.#parts.tasks(),
      ...this.#times.second(),
    };
  }
}

type Sampled = Pick<Sums, "received" | "settled">;
