import { setTimeout as sleep } from "node:timers/promises";
import { QueuePair } from "../../../aws/sqs/queue-pair.js";
import { SqsProducer } from "../../../aws/sqs/sqs-producer.js";
import { agentTimer } from "../../../scaling/agent-timing.js";
import { Random } from "../../../scaling/random.js";
import { steadyTasks } from "../../../scaling/simulator.js";
import { devCredentials } from "../credentials.js";
import { ControlLoop } from "./control-loop.js";
import { EquationWatch } from "./equation-watch.js";
import { EventLines } from "./event-lines.js";
import { FleetClock } from "./fleet-clock.js";
import { Ledger } from "./ledger.js";
import { LoadPump } from "./load-pump.js";
import { LoadSender } from "./load-sender.js";
import type { Mark } from "./marks.js";
import { PeersRun } from "./peers-run.js";
import { costSoFar } from "./prices-so-far.js";
import { ProcessFleet } from "./process-fleet.js";
import { lookAt } from "./queue-look.js";
import { QueueServer } from "./queue-server.js";
import { ScaleActions } from "./scale-actions.js";
import type { ScaleOptions } from "./scale-options.js";
import type { ScaleView, TaskView } from "./scale-view.js";
import { drainSecondsOf, protectionOf, simulationOf } from "./simulation-of.js";
import { WaitTimes } from "./wait-times.js";

const QUEUE_NAME = "queuehand-dev";
const MAX_RECEIVE_COUNT = 3;
const CALL_WITHIN_MS = 5_000;
/** The driver's beat, milliseconds of the machine's. */
const BEAT_MS = 40;
const LOOK_EVERY_MS = 500;
/** Application Auto Scaling tells ECS within a second. */
const ACTION_DELAY_SECONDS = 1;
/** The first tasks' start: a machine that needs longer bears no fleet. */
const FIRST_START_MS = 60_000;
/** Beyond the stop timeout, for processes that were frozen or cut. */
const STOP_GRACE_MS = 10_000;

/** One run of `dev --scale`: load, queue, workers, control loop and the counters that prove that nothing is lost. */
export class ScaleRun {
  readonly actions: ScaleActions;
  readonly events = new EventLines();
  readonly #options: ScaleOptions;
  readonly #clock: FleetClock;
  readonly #ledger: Ledger;
  readonly #watch: EquationWatch;
  readonly #waits = new WaitTimes();
  readonly #pump: LoadPump;
  readonly #loop: ControlLoop;
  readonly #peers: PeersRun;
  readonly #work: () => number;
  readonly #busy = new Map<number, number>();
  #server!: QueueServer;
  #pair!: QueuePair;
  #producer!: SqsProducer;
  #sender!: LoadSender;
  #fleet!: ProcessFleet;
  /** The second of the clock's at which the load began. */
  #origin = 0;
  #ticked = 0;
  #numbered = 0;
  #taskSeconds = 0;
  #queue = { visible: 0, inFlight: 0, delayed: 0, dead: 0 };
  #beat: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #phase: "starting" | "running" | "stopping" = "starting";

  constructor(options: ScaleOptions) {
    const { speed, load, seed, policy, metricDelaySeconds, visibilitySeconds, targetDelaySeconds } = options;
    this.#options = options;
    this.#clock = new FleetClock(speed);
    const second = (wallMs: number) => this.#clock.secondOf(wallMs);
    this.#ledger = new Ledger((task, from, until) => this.#fleet.freezes.pastLease(task, second(from), second(until)));
    this.#watch = new EquationWatch(this.#ledger);
    this.#pump = new LoadPump(load, 1 / speed, new Random(seed * 16 + 2));
    this.#work = agentTimer(options, new Random(seed * 16 + 3));
    const simulated = {
      ...simulationOf(options),
      load: { name: load.name, rateAt: (s: number) => load.rateAt(s) / speed },
    };
    const { initialTasks = steadyTasks({ ...simulated, seconds: 1, grain: 1, seed }) } = options;
    this.#options = { ...options, initialTasks: Math.min(policy.maxTasks, Math.max(policy.minTasks, initialTasks)) };
    this.#loop = new ControlLoop({
      policy,
      metricDelaySeconds,
      actionDelaySeconds: ACTION_DELAY_SECONDS,
      initialTasks: this.#options.initialTasks!,
      carryOut: (tasks) => {
        this.#fleet.service.desired = tasks;
      },
    });
    this.#peers = new PeersRun({
      options: { ...simulated, initialTasks: this.#options.initialTasks },
      rateAt: simulated.load.rateAt,
      targetDelaySeconds,
    });
    this.actions = new ScaleActions({
      clock: this.#clock,
      fleet: () => this.#fleet,
      pump: this.#pump,
      second: () => this.second,
      tell: (text) => this.events.tell(this.second, text),
      visibilitySeconds,
      options,
    });
  }

  /** Seconds of the fleet's clock since the load began. */
  get second(): number {
    return this.#phase === "starting" ? 0 : this.#clock.now - this.#origin;
  }

  get speed(): number {
    return this.#clock.speed;
  }

  /** Resolves when the first tasks run and the load has begun. */
  async start(): Promise<void> {
    const { port, initialTasks } = this.#options;
    this.#server = await QueueServer.start(port, this.#clock);
    const { endpoint } = this.#server;
    const access = { endpoint, region: "us-east-1", credentials: devCredentials };
    this.#pair = await QueuePair.create(access, QUEUE_NAME, MAX_RECEIVE_COUNT, AbortSignal.timeout(CALL_WITHIN_MS));
    this.#producer = new SqsProducer({ ...access, queueUrl: this.#pair.queueUrl });
    this.#sender = new LoadSender({
      send: (messages, signal) => this.#producer.send(messages, signal),
      body: (n) => JSON.stringify({ n, workMs: Math.round(this.#work() * 1000), ...this.actions.poisoned() }),
      onSent: (n, how) => {
        if (how !== "refused") this.#ledger.sent(n, how === "unsure");
      },
      onError: (error) => this.events.tell(this.second, `sending failed: ${(error as Error).message}`),
    });
    this.#fleet = await ProcessFleet.start(this.#fleetParts(initialTasks!));
    this.#beat = setInterval(() => this.#onBeat(), BEAT_MS);
    const until = performance.now() + FIRST_START_MS;
    while (this.#fleet.service.count("running") < initialTasks! && performance.now() < until) await sleep(BEAT_MS);
    this.#begin();
  }

  /** Stops the load, drains every task, and looks for the last time. */
  async stop(): Promise<void> {
    const { stopTimeoutSeconds } = this.#options;
    this.#phase = "stopping";
    this.actions.stop();
    await this.#sender.stop();
    for (const task of this.#fleet.tasks) {
      this.#fleet.thaw(task);
      task.mendNetwork();
    }
    this.#fleet.service.stopAll(this.#clock.now);
    const until = performance.now() + this.#clock.machineMs(stopTimeoutSeconds) + STOP_GRACE_MS;
    while (this.#fleet.tasks.length > 0 && performance.now() < until) await sleep(BEAT_MS);
    clearInterval(this.#beat);
    await this.#looking;
    await this.#look();
  }

  /** Ends everything that is left; harmless twice, and before the start is complete. */
  close(): void {
    clearInterval(this.#beat);
    this.#fleet?.close();
    this.#producer?.close();
    this.#pair?.close();
    this.#server?.stop();
  }

  /** Everything that is shown. The recent waits are those since the last call. */
  view(): ScaleView {
    const { speed, targetDelaySeconds } = this.#options;
    const { service } = this.#fleet;
    const rate = this.#pump.rateAt(this.second);
    const taskHours = this.#taskSeconds / 3600;
    const { verdict } = this.#watch;
    return {
      second: this.second,
      speed,
      load: {
        name: this.#pump.load.name,
        rate,
        fleetRate: rate / speed,
        behind: this.#sender.behind,
        poison: this.actions.poison,
      },
      tasks: {
        desired: service.desired,
        running: service.count("running"),
        starting: service.count("starting"),
        draining: service.count("draining"),
        version: service.version,
        deploying: service.deploying,
        list: this.#fleet.tasks.map((task): TaskView => {
          const { id, version, state, frozen, cut } = task;
          const guarded = service.isProtected(id, this.#clock.now);
          return { id, version, state, busy: this.#busy.get(id) ?? 0, frozen, cut, protected: guarded };
        }),
      },
      queue: this.#queue,
      wait: { target: targetDelaySeconds, recent: this.#waits.takeRecent(), all: this.#waits.all },
      slotDemand: this.#loop.slotDemand,
      alarms: this.#loop.alarms,
      orders: this.#loop.orders.slice(-ORDERS_SHOWN),
      events: this.events.latest,
      equation: verdict,
      overlaps: this.#ledger.overlaps.count,
      overlapsExcused: this.#ledger.overlaps.excused,
      doneAgain: this.#ledger.doneAgain,
      failures: this.#ledger.failures,
      cost: {
        taskHours,
        usd: costSoFar(this.#options, taskHours, this.#numbered),
        peers: this.#peers.views.map((peer) => ({
          ...peer,
          usd: costSoFar(this.#options, peer.taskHours, this.#numbered),
        })),
      },
    };
  }

  #fleetParts(initialTasks: number): Parameters<typeof ProcessFleet.start>[0] {
    const { slots, visibilitySeconds, targetDelaySeconds, drainBacklogSeconds } = this.#options;
    return {
      ...this.#options,
      clock: this.#clock,
      network: this.#server,
      queueUrl: this.#pair.queueUrl,
      initialTasks,
      settings: {
        CONCURRENCY: String(slots),
        VISIBILITY_TIMEOUT: String(visibilitySeconds),
        TARGET_DELAY_SECONDS: String(targetDelaySeconds),
        DRAIN_BACKLOG_SECONDS: String(drainBacklogSeconds),
        SHUTDOWN_TIMEOUT_SECONDS: String(drainSecondsOf(this.#options)),
        TASK_PROTECTION: protectionOf(this.#options) === "busy" ? "auto" : "off",
      },
      leaseLeastSeconds: visibilitySeconds / 2,
      onMark: (task, mark) => this.#onMark(task, mark),
      onSample: (sample) => this.#loop.published(sample, this.#clock.secondOf(sample.wallMs) - this.#origin),
      onEvent: (event) => {
        if (event.kind !== "deployed" && event.task.state === "gone") this.#taskEnded(event.task.id);
        this.events.service(this.second, event);
      },
      onTrouble: (task, text) => this.events.trouble(this.second, task, text),
    };
  }

  #begin(): void {
    this.#origin = Math.floor(this.#clock.now);
    this.#fleet.begin();
    this.#ticked = 0;
    this.#phase = "running";
    this.actions.plan();
    this.events.tell(0, `${this.#fleet.service.count("running")} tasks run, and the load begins`);
    this.#lookAgain();
  }

  #onBeat(): void {
    if (this.#phase !== "running") return this.#fleet.service.tick(this.#clock.now);
    const { second } = this;
    const moments = this.#pump.due(second);
    for (const moment of moments) {
      this.#waits.sent(++this.#numbered, this.#clock.startWallMs + (this.#origin + moment) * 1000);
      this.#peers.arrived(moment);
    }
    this.#sender.add(moments.length);
    for (; this.#ticked + 1 <= second; this.#ticked++) this.#tick(this.#ticked + 1);
  }

  /** Whole seconds, each once, also where the machine stalled. */
  #tick(second: number): void {
    this.#loop.seen(second, this.#queue.visible, this.#queue.inFlight);
    const order = this.#loop.tick(second);
    if (order) this.events.order(order);
    this.#fleet.service.tick(this.#origin + second);
    this.#taskSeconds += this.#fleet.tasks.length;
    this.#peers.follow(second);
    this.#ledger.overlaps.forget(this.#clock.startWallMs + this.#clock.now * 1000);
  }

  #onMark(task: number, mark: Mark): void {
    this.#ledger.mark(task, mark);
    const started = mark.kind === "started";
    this.#busy.set(task, (this.#busy.get(task) ?? 0) + (started ? 1 : -1));
    if (started) this.#waits.started(mark.n, mark.wallMs);
  }

  #taskEnded(task: number): void {
    this.#busy.delete(task);
    this.#ledger.overlaps.taskEnded(task, this.#clock.startWallMs + this.#clock.now * 1000);
  }

  #lookAgain(): void {
    this.#looking = this.#look().catch((error: Error) => {
      this.events.tell(this.second, `the queue can't be looked into: ${error.message}`);
    });
    void this.#looking.then(() => setTimeout(() => this.#beat && this.#lookAgain(), LOOK_EVERY_MS).unref());
  }

  async #look(): Promise<void> {
    const { answered } = this.#sender;
    const look = await lookAt(this.#server.endpoint, QUEUE_NAME);
    const { visible, inFlight, delayed, dead } = look;
    this.#queue = { visible: visible.length, inFlight: inFlight.length, delayed: delayed.length, dead: dead.length };
    this.#watch.judge(look, answered);
  }
}

const ORDERS_SHOWN = 8;
