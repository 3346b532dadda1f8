import type { Counters } from "../observe/counters.js";
import type { Clock } from "../pipeline/ports/clock.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import { type Telemetry, WITHOUT_RUN } from "../pipeline/ports/telemetry.js";
import type {
  ErrorGroups,
  HistoryRange,
  History as HistoryView,
  MessageDetail,
  MessageFilter,
  Messages,
  Now,
  Step,
} from "./api.js";
import { Deliveries } from "./deliveries.js";
import { ErrorTable } from "./error-table.js";
import { EventRing } from "./event-ring.js";
import { History } from "./history.js";
import { type CountsSource, LatestCounts } from "./latest-counts.js";
import type { LetterDesk, PageSource } from "./page-source.js";
import { RecentSums, type Sums } from "./recent-sums.js";
import { RecentTimes, StepTimes } from "./recent-times.js";
import type { StepValues } from "./series-ring.js";

export interface WorkerSourceParts {
  readonly queueName: string;
  readonly status: () => WorkerStatus;
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

/** Times whose quantiles are shown, by how their series begin. */
const TIMES = ["firstTry", "inQueue", "agent"] as const;
type TimesName = (typeof TIMES)[number];

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
  readonly #recent: Readonly<Record<"firstTryMs" | "laterTryMs" | "inQueueMs" | "agentMs", RecentTimes>>;
  readonly #seconds: Readonly<Record<TimesName, StepTimes>>;
  readonly #minutes: Readonly<Record<TimesName, StepTimes>>;
  readonly #startedAt: number;
  #breaker: Now["breaker"];

  constructor(parts: WorkerSourceParts) {
    const { clock, counters, counts, deadLetters } = parts;
    const now = clock.monotonic();
    this.#parts = parts;
    this.deadLetters = deadLetters;
    this.#events = new EventRing(clock);
    this.#deliveries = new Deliveries(clock, this.#errors);
    this.#counts = new LatestCounts(counts);
    const { firstTryMs, laterTryMs } = this.#deliveries;
    const { inQueueMs, agentMs } = counters;
    this.#recent = {
      firstTryMs: new RecentTimes(firstTryMs, now),
      laterTryMs: new RecentTimes(laterTryMs, now),
      inQueueMs: new RecentTimes(inQueueMs, now),
      agentMs: new RecentTimes(agentMs, now),
    };
    const steps = () => ({
      firstTry: new StepTimes(firstTryMs),
      inQueue: new StepTimes(inQueueMs),
      agent: new StepTimes(agentMs),
    });
    this.#seconds = steps();
    this.#minutes = steps();
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
    for (const times of Object.values(this.#recent)) times.tick(at);
    void this.#counts.tick(at);
    // What happened before the first sample has no second to belong to.
    if (before) this.#history.add(clock.wall(), this.#step(before, sums), () => quantileValues(this.#minutes));
    else this.#history.add(clock.wall(), this.#step(sums, sums), () => ({}));
  }

  watched(): void {
    this.#counts.watched(this.#parts.clock.monotonic());
  }

  now(eventsAfter: number): Now {
    const { queueName, status, counters, clock, notReady, tasks } = this.#parts;
    const queue = this.#counts.latest;
    const { lastReceiveOkAt: _, ...worker } = status();
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
      ...this.#times(),
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

  #times(): Pick<Now, "firstTryMs" | "laterTryMs" | "inQueueMs" | "agentMs"> {
    const told = Object.entries(this.#recent).map(([name, times]) => [name, times.quantiles()] as const);
    return Object.fromEntries(told.filter(([, quantiles]) => quantiles));
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
      ...quantileValues(this.#seconds),
    };
  }
}

type Sampled = Pick<Sums, "received" | "settled">;

function quantileValues(times: Readonly<Record<TimesName, StepTimes>>): StepValues {
  const firstTry = times.firstTry.next();
  const inQueue = times.inQueue.next();
  const agent = times.agent.next();
  return {
    firstTryP50: firstTry?.p50,
    firstTryP95: firstTry?.p95,
    firstTryP99: firstTry?.p99,
    inQueueP50: inQueue?.p50,
    inQueueP99: inQueue?.p99,
    agentP50: agent?.p50,
    agentP99: agent?.p99,
  };
}
