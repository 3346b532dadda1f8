import type { Histogram } from "../observe/histogram.js";
import type { Now } from "./api.js";
import { RecentTimes, StepTimes } from "./recent-times.js";
import type { StepValues } from "./series-ring.js";

/** Times that the page shows; milliseconds since the start of all. */
export interface TimesSince {
  readonly firstTryMs: Histogram;
  readonly laterTryMs: Histogram;
  readonly inQueueMs: Histogram;
  readonly agentMs: Histogram;
  readonly budgetWaitMs: Histogram;
}

type TimesName = keyof TimesSince;

/** Quantiles of times: of the last minute, and of the steps of the histories. */
export class ShownTimes {
  readonly #recent: readonly (readonly [TimesName, RecentTimes])[];
  readonly #seconds: Steps;
  readonly #minutes: Steps;

  /** @param at monotonic milliseconds of now. */
  constructor(times: TimesSince, at: number) {
    const names = ["firstTryMs", "laterTryMs", "inQueueMs", "agentMs", "budgetWaitMs"] as const;
    this.#recent = names.map((name) => [name, new RecentTimes(times[name], at)] as const);
    this.#seconds = new Steps(times);
    this.#minutes = new Steps(times);
  }

  /** To be called once a second. */
  tick(at: number): void {
    for (const [, times] of this.#recent) times.tick(at);
  }

  /** Of about the last minute; without those that nothing was recorded of. */
  recent(): Pick<Now, TimesName> {
    const told = this.#recent.map(([name, times]) => [name, times.quantiles()] as const);
    return Object.fromEntries(told.filter(([, quantiles]) => quantiles));
  }

  /** Since the last call. */
  second(): StepValues {
    return this.#seconds.next();
  }

  /** Since the last call. */
  minute(): StepValues {
    return this.#minutes.next();
  }
}

class Steps {
  readonly #firstTry: StepTimes;
  readonly #inQueue: StepTimes;
  readonly #agent: StepTimes;

  constructor({ firstTryMs, inQueueMs, agentMs }: TimesSince) {
    this.#firstTry = new StepTimes(firstTryMs);
    this.#inQueue = new StepTimes(inQueueMs);
    this.#agent = new StepTimes(agentMs);
  }

  next(): StepValues {
    const firstTry = this.#firstTry.next();
    const inQueue = this.#inQueue.next();
    const agent = this.#agent.next();
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
}
