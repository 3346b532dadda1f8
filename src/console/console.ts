import type { ServerResponse } from "node:http";
import type { Clock, Timer } from "../pipeline/ports/clock.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import { type Route, readOnly, respond } from "./answer.js";
import type { ConsoleState, ConsoleTotals } from "./console-state.js";
import { EventRing } from "./event-ring.js";
import type { Pulse } from "./health.js";
import { History } from "./history.js";
import { isOwnHost } from "./host-guard.js";
import { type CountsSource, LatestCounts } from "./latest-counts.js";
import { PAGE, PAGE_HEADERS } from "./page.js";
import { type GrowingTimes, RecentTimes } from "./recent-times.js";

/** What the counters know that the console shows. */
export interface ConsoleFigures<Times extends GrowingTimes<Times>> extends Pulse {
  readonly totals: ConsoleTotals;
  readonly inQueueMs: Times;
  readonly agentMs: Times;
}

export interface ConsoleParts<Times extends GrowingTimes<Times>> {
  readonly queueName: string;
  /** HTTP_HOST: besides addresses and localhost, the only name by which the console may be asked for. */
  readonly host: string;
  readonly status: () => WorkerStatus;
  readonly figures: ConsoleFigures<Times>;
  /** Unset, the page leaves out what only the queue knows. */
  readonly counts?: CountsSource | undefined;
  readonly clock: Clock;
}

const SAMPLE_MS = 1_000;

/**
 * The local web page about a worker: `/` is the page, `/console/state` what it asks for every second. It only shows:
 * nothing can be changed through it.
 */
export class Console<Times extends GrowingTimes<Times>> {
  readonly #parts: ConsoleParts<Times>;
  readonly #events: EventRing;
  readonly #history = new History();
  readonly #counts: LatestCounts;
  readonly #inQueue: RecentTimes<Times>;
  readonly #agent: RecentTimes<Times>;
  readonly #startedAt: number;
  #breaker: ConsoleState["breaker"];
  #timer: Timer;

  /** The console's paths, to be mounted on the HTTP server. */
  readonly routes: Readonly<Record<string, Route>> = {
    "/": this.#guarded((response) => void response.writeHead(200, PAGE_HEADERS).end(PAGE)),
    "/console/state": this.#guarded((response) => {
      response.setHeader("x-content-type-options", "nosniff");
      response.setHeader("cross-origin-resource-policy", "same-origin");
      this.#counts.watched(this.#parts.clock.monotonic());
      respond(response, 200, this.state());
    }),
  };

  constructor(parts: ConsoleParts<Times>) {
    const now = parts.clock.monotonic();
    this.#parts = parts;
    this.#events = new EventRing(parts.clock);
    this.#counts = new LatestCounts(parts.counts);
    this.#inQueue = new RecentTimes(parts.figures.inQueueMs, now);
    this.#agent = new RecentTimes(parts.figures.agentMs, now);
    this.#startedAt = parts.clock.wall();
  }

  /** The listener; bound, so that it can be handed on as it is. */
  readonly record: Telemetry = (fact) => {
    if (fact.kind === "breaker") this.#breaker = fact.open ? { failures: fact.failures, of: fact.of } : undefined;
    this.#events.record(fact);
  };

  /** Begins to sample, once a second. Harmless twice. */
  start(): void {
    if (this.#timer === undefined) this.#tick();
  }

  /** Harmless twice and before `start`. */
  stop(): void {
    this.#parts.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  state(): ConsoleState {
    const { queueName, status, figures, clock } = this.#parts;
    const queue = this.#counts.latest;
    const { lastReceiveOkAt: _, ...worker } = status();
    const trouble = figures.receiveTrouble;
    const inQueueMs = this.#inQueue.quantiles();
    const agentMs = this.#agent.quantiles();
    return {
      queueName,
      startedAt: this.#startedAt,
      now: clock.wall(),
      worker,
      ...(queue && { queue }),
      handled: figures.handled,
      handledPerSecond: this.#history.handledPerSecond,
      ...(inQueueMs && { inQueueMs }),
      ...(agentMs && { agentMs }),
      totals: figures.totals,
      hungAgents: figures.hungAgents,
      ...(trouble && {
        receiveTrouble: { cause: trouble.cause, seconds: (clock.monotonic() - trouble.since) / 1_000 },
      }),
      ...(this.#breaker && { breaker: this.#breaker }),
      history: this.#history.curves(),
      events: this.#events.events,
      eventsLeftOut: this.#events.leftOut,
    };
  }

  #tick(): void {
    const { status, figures, clock } = this.#parts;
    const now = clock.monotonic();
    const { busy, buffered } = status();
    // Where nobody knows the queue's part, what waits here is all that there is to draw.
    const inQueue = this.#counts.known ? this.#counts.latest?.waiting : 0;
    this.#history.add(now, figures.handled, busy, inQueue === undefined ? undefined : inQueue + buffered);
    this.#inQueue.tick(now);
    this.#agent.tick(now);
    void this.#counts.tick(now);
    this.#timer = clock.setTimer(() => this.#tick(), SAMPLE_MS);
  }

  #guarded(answer: (response: ServerResponse) => void): Route {
    return readOnly((response, request) => {
      if (isOwnHost(request.headers.host, this.#parts.host)) return answer(response);
      const error = `the console answers to an IP address, localhost, or HTTP_HOST, got Host "${request.headers.host}"`;
      respond(response, 421, { error });
    });
  }
}
