import { EcsTaskGuard } from "../aws/ecs/task-protection.js";
import type { SourceQueue } from "../aws/sqs/source-queue.js";
import type { Config } from "../config/config.js";
import type { QueueCounts } from "../console/api.js";
import { Console } from "../console/console.js";
import { Health } from "../console/health.js";
import { HealthServer, type Route } from "../console/health-server.js";
import type { CountsSource } from "../console/latest-counts.js";
import type { ConsoleExtra } from "../console/page-source.js";
import { WorkerSource } from "../console/worker-source.js";
import { InterruptionWatch } from "../observe/interruption-watch.js";
import type { Logger } from "../observe/log.js";
import { Observatory } from "../observe/observatory.js";
import type { Snapshot } from "../observe/snapshot.js";
import type { Clock } from "../pipeline/ports/clock.js";
import type { Awaiting, WorkerStatus } from "../pipeline/ports/status.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import { TaskProtection } from "../pipeline/protect/protection.js";
import { afterRequest } from "./after-request.js";
import { LaterLetterDesk } from "./later-letter-desk.js";
import { fleetOf, publishingOf } from "./publishing.js";
import { queueNameOf } from "./start-report.js";

export interface WatchersParts {
  readonly config: Config;
  /** Undefined where the worker was given a queue of the caller's: its metrics go nowhere. */
  readonly source: SourceQueue | undefined;
  readonly status: () => WorkerStatus;
  /** Messages in hand that budgets keep waiting. */
  readonly awaiting: () => Iterable<Awaiting>;
  /** The worker's own, through which the watchers tell as well. */
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Spans of traces that were lost so far. */
  readonly droppedSpans: () => number;
  /** Told the fleet's size where budgets are shared by it. */
  readonly onTasks?: ((tasks: number, isGuess: boolean) => void) | undefined;
  readonly routes?: Readonly<Record<string, Route>> | undefined;
  /** Cheap ones; unset: the page asks the source itself, as seldom as it can. */
  readonly queueCounts?: (() => Promise<QueueCounts>) | undefined;
  /** A section more on the page. */
  readonly consoleExtra?: ConsoleExtra | undefined;
}

const COUNTS_WITHIN_MS = 3_000;

/** Everything that watches a worker and tells of it: log, counters, metrics, pages, and the protection of its task. */
export class Watchers {
  readonly #observatory: Observatory;
  readonly #interruptions: InterruptionWatch;
  readonly #protection: TaskProtection | undefined;
  readonly #source: WorkerSource | undefined;
  readonly #console: Console | undefined;
  readonly #healthServer: HealthServer | undefined;
  #callOff = () => {};

  constructor(parts: WatchersParts) {
    const { config, source, status, telemetry, clock, logger, routes, droppedSpans, onTasks } = parts;
    const queueName = queueNameOf(config);
    const publishing = source && publishingOf(config, source, telemetry);
    const sharing = source &&
      onTasks && { queue: source, fleet: publishing?.fleet ?? fleetOf(config, telemetry), onTasks };
    this.#observatory = new Observatory({ queueName, status, clock, logger, publishing, sharing, droppedSpans });
    this.#interruptions = new InterruptionWatch(clock, telemetry);
    const guard = config.taskProtection === "auto" ? EcsTaskGuard.of(process.env) : undefined;
    this.#protection =
      guard && new TaskProtection({ guard, clock, telemetry, longestRunSeconds: config.handlerTimeoutSeconds });
    if (!config.http) return;
    const { counters } = this.#observatory;
    const health = new Health({ status, pulse: counters, clock });
    this.#source = new WorkerSource({
      queueName,
      status,
      awaiting: parts.awaiting,
      counters,
      notReady: () => health.unready(),
      tasks: () => this.tasks,
      counts: countsOf(parts.queueCounts, source),
      deadLetters:
        source && new LaterLetterDesk(async () => (await import("./letter-desk.js")).letterDesk(config, clock)),
      clock,
    });
    this.#console = new Console({
      host: config.http.host,
      source: this.#source,
      actions: config.consoleActions,
      bodies: config.logBodies,
      extra: parts.consoleExtra,
      clock,
    });
    this.#healthServer = new HealthServer({
      ...config.http,
      status,
      clock,
      telemetry,
      pulse: counters,
      metrics: () => this.#observatory.metricsPage.text(),
      routes: { ...this.#console.routes, ...routes },
    });
  }

  /** All who are to hear each fact, each by itself. */
  get listeners(): readonly Telemetry[] {
    const all = [this.#interruptions, this.#protection, this.#source];
    return [...this.#observatory.listeners, ...all.flatMap((one) => one?.record ?? [])];
  }

  /** Tasks that work on the queue, as far as is known. */
  get tasks(): number {
    return this.#observatory.tasks;
  }

  snapshot(): Snapshot {
    return this.#observatory.counters.snapshot();
  }

  /** Serves the pages, which are to be there while the agent is made ready, but not to hold up the first poll. */
  serve(): void {
    this.#callOff = afterRequest(() => {
      void this.#healthServer?.start();
      this.#console?.start();
    });
  }

  /** Begins to publish and to sum up. */
  start(): void {
    this.#observatory.start();
  }

  /** What the queue says of itself, once it is known. */
  learn({ maxReceiveCount }: { readonly maxReceiveCount: number | undefined }): void {
    this.#interruptions.maxReceiveCount = maxReceiveCount;
  }

  /** Gives the task free: nothing runs in it any more. Two seconds at most; never rejects. */
  async release(): Promise<void> {
    await this.#protection?.stop();
  }

  /** Tells what is left, within some seconds, and ends. Never rejects. */
  async stop(): Promise<void> {
    this.#callOff();
    await this.#observatory.stop();
    this.#console?.stop();
    await this.#healthServer?.stop();
  }
}

function countsOf(cheap: WatchersParts["queueCounts"], source: SourceQueue | undefined): CountsSource | undefined {
  if (cheap) return { ask: cheap, onlyWhileWatched: false };
  if (!source) return undefined;
  const ask = async () => {
    const { visible, inFlight, delayed } = await source.counts(AbortSignal.timeout(COUNTS_WITHIN_MS));
    return { waiting: visible, inFlight, delayed };
  };
  return { ask, onlyWhileWatched: true };
}
