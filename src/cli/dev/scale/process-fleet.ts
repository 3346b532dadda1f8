import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ownFile } from "../../../package/own-files.js";
import { ACCESS_KEY } from "../credentials.js";
import { EcsEndpoints } from "./ecs-endpoints.js";
import { type Sample, samplesOf } from "./emf-samples.js";
import type { FleetClock } from "./fleet-clock.js";
import type { Freezes } from "./freezes.js";
import { type Mark, READY_AT_VARIABLE } from "./marks.js";
import { warpModule } from "./queue-server.js";
import { Service, type ServiceEvent } from "./service.js";
import { type Network, WorkerTask } from "./worker-task.js";

/** Twenty workers compile the same modules; one of them is enough. */
const COMPILE_CACHE = join(tmpdir(), `queuehand-${process.getuid?.() ?? "dev"}-compiled`);

/** The first tasks' start: a machine that needs longer bears no fleet. */
const FIRST_START_MS = 60_000;
/** What a worker loads after its start is loaded by then, and the processors are free for the load. */
const REST_MS = 1_000;
/** Beyond the stop timeout, for processes that the machine lets wait. */
const STOP_GRACE_MS = 10_000;
const LOOK_MS = 40;

/** A worker gives its agent a minute to load; a longer start begins without a process. */
const HELD_SECONDS_MAX = 45;

export interface ProcessFleetParts {
  readonly clock: FleetClock;
  readonly network: Network;
  readonly queueUrl: string;
  /** Settings of the workers. */
  readonly settings: Readonly<Record<string, string>>;
  /** From launch to the first receive, seconds. */
  readonly startSeconds: number;
  readonly stopTimeoutSeconds: number;
  readonly launchesPerMinute: number;
  readonly freezes: Freezes;
  readonly initialTasks: number;
  readonly onMark: (task: number, mark: Mark) => void;
  readonly onSample: (sample: Sample) => void;
  readonly onEvent: (event: ServiceEvent) => void;
  /** A worker warned, or told of an error. */
  readonly onTrouble: (task: number, text: string) => void;
}

/** The tasks as processes of this machine: the scheduler, what workers ask ECS, and what one may do to a task. */
export class ProcessFleet {
  readonly service: Service;
  readonly #parts: ProcessFleetParts;
  readonly #ecs: EcsEndpoints;
  /** The first tasks are there when the film begins. */
  #begun = false;

  private constructor(parts: ProcessFleetParts, ecs: EcsEndpoints) {
    this.#parts = parts;
    this.#ecs = ecs;
    this.service = new Service((id, version) => this.#launch(id, version), parts, parts.initialTasks, parts.onEvent);
  }

  static async start(parts: ProcessFleetParts): Promise<ProcessFleet> {
    const { clock } = parts;
    const ecs: EcsEndpoints = await EcsEndpoints.start({
      counts: () => ({ desired: fleet.service.desired, running: fleet.service.count("running") }),
      protect: (task, seconds) => fleet.service.protect(task, clock.now + seconds),
      wallMs: () => clock.wallMs,
    });
    const fleet = new ProcessFleet(parts, ecs);
    return fleet;
  }

  get tasks(): readonly WorkerTask[] {
    return this.service.tasks as readonly WorkerTask[];
  }

  /** Resolves when so many tasks run, or should, and have come to rest. */
  async running(tasks: number): Promise<void> {
    const until = performance.now() + FIRST_START_MS;
    while (this.service.count("running") < tasks && performance.now() < until) await sleep(LOOK_MS);
    await sleep(REST_MS);
  }

  /** From now on a task that is launched takes its time to start. */
  begin(): void {
    this.#begun = true;
  }

  /** A running task: the one that is named, or the one that was frozen, cut or killed the longest ago. */
  find(id?: number): WorkerTask | undefined {
    const running = this.tasks.filter(({ state, frozen, cut }) => state === "running" && !frozen && !cut);
    return id === undefined ? running[0] : this.tasks.find((task) => task.id === id);
  }

  freeze(task: WorkerTask, seconds: number): void {
    const { clock } = this.#parts;
    task.freeze();
    this.#parts.freezes.begin(task.id, clock.now);
    setTimeout(() => this.thaw(task), clock.machineMs(seconds)).unref();
  }

  thaw(task: WorkerTask): void {
    if (!task.frozen) return;
    task.thaw();
    this.#parts.freezes.end(task.id, this.#parts.clock.now);
  }

  cut(task: WorkerTask, seconds: number): void {
    task.cutNetwork();
    setTimeout(() => task.mendNetwork(), this.#parts.clock.machineMs(seconds)).unref();
  }

  /** Stops every task, those as well that were frozen or cut. Resolves when all are gone, or should be. */
  async drain(): Promise<void> {
    const { clock, stopTimeoutSeconds } = this.#parts;
    for (const task of this.tasks) {
      this.thaw(task);
      task.mendNetwork();
    }
    this.service.stopAll(clock.now);
    const until = performance.now() + clock.machineMs(stopTimeoutSeconds) + STOP_GRACE_MS;
    while (this.tasks.length > 0 && performance.now() < until) await sleep(LOOK_MS);
  }

  /** Ends what is left, without a word. */
  close(): void {
    for (const task of this.tasks) task.kill();
    this.#ecs.close();
  }

  #launch(id: number, version: number): WorkerTask {
    const { clock, network, settings, queueUrl, onMark, onSample, onTrouble } = this.#parts;
    const startSeconds = this.#begun ? this.#parts.startSeconds : 0;
    const readyAtMs = clock.wallMs + startSeconds * 1000;
    return new WorkerTask({
      id,
      version,
      network,
      startAfterMs: clock.machineMs(Math.max(0, startSeconds - HELD_SECONDS_MAX)),
      args: [
        ...["--import", warpModule(), "--import", ownFile("cli/dev/scale/end-with-parent.js").href],
        ...[fileURLToPath(ownFile("cli.js")), "run"],
      ],
      env: (endpoint) => ({
        ...baseEnvironment(process.env),
        ...settings,
        ...clock.environment,
        ...this.#ecs.environmentOf(id),
        AWS_ENDPOINT_URL_SQS: endpoint,
        SQS_QUEUE_URL: `${endpoint}${new URL(queueUrl).pathname}`,
        DLQ_URL: `${endpoint}${new URL(queueUrl).pathname}-dlq`,
        HANDLER: fileURLToPath(ownFile("cli/dev/scale/scale-agent.js")),
        // The process starts at once and is held: so its own start is a part of the task's.
        [READY_AT_VARIABLE]: String(readyAtMs),
        [PARENT_VARIABLE]: String(process.pid),
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        METRICS: "emf",
        LOG_LEVEL: "info",
        HTTP_PORT: "off",
      }),
      onMark: (mark) => onMark(id, mark),
      onLine: (line) => {
        for (const sample of samplesOf(line)) onSample(sample);
        if (line.level === "warn" || line.level === "error") onTrouble(id, textOf(line));
      },
    });
  }
}

/** By it `end-with-parent.ts` knows whom a worker must not outlive. */
const PARENT_VARIABLE = "QUEUEHAND_DEV_PARENT";

/** What of this process's environment a worker gets: nothing of AWS, and no setting. */
function baseEnvironment({ PATH, HOME, TMPDIR, LANG, TZ }: NodeJS.ProcessEnv): Record<string, string | undefined> {
  return {
    ...{ PATH, HOME, TMPDIR, LANG, TZ },
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: ACCESS_KEY,
    AWS_SECRET_ACCESS_KEY: ACCESS_KEY,
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

function textOf({ msg, reason, err }: Readonly<Record<string, unknown>>): string {
  const error = (err as { readonly message?: unknown } | undefined)?.message ?? reason;
  return error === undefined ? String(msg) : `${String(msg)}: ${String(error)}`;
}
