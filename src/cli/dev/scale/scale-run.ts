import type { Telemetry } from "../../../pipeline/ports/telemetry.js";
import { agentTimer } from "../../../scaling/agent-timing.js";
import { Random } from "../../../scaling/random.js";
import { steadyTasks } from "../../../scaling/simulation-options.js";
import { ControlLoop } from "./control-loop.js";
import { EventLines } from "./event-lines.js";
import { Evidence } from "./evidence.js";
import { FleetClock } from "./fleet-clock.js";
import { Freezes } from "./freezes.js";
import { LoadFeed } from "./load-feed.js";
import { LoadPump } from "./load-pump.js";
import { LoadSender } from "./load-sender.js";
import { Looking } from "./looking.js";
import { PeersRun } from "./peers-run.js";
import { ProcessFleet } from "./process-fleet.js";
import { lookAt } from "./queue-look.js";
import { QueueStage } from "./queue-stage.js";
import { ScaleActions } from "./scale-actions.js";
import type { ScaleOptions } from "./scale-options.js";
import type { ScaleView } from "./scale-view.js";
import { simulationOf } from "./simulation-of.js";
import { viewOf } from "./view-of.js";
import { workerSettings } from "./worker-settings.js";

/** The driver's beat, milliseconds of the machine's. */
const BEAT_MS = 40;
/** Application Auto Scaling tells ECS within a second. */
const ACTION_DELAY_SECONDS = 1;

/** One run of `dev --scale`: load, queue, workers, control loop and the counters that prove that nothing is lost. */
export class ScaleRun {
  readonly actions: ScaleActions;
  readonly events = new EventLines();
  readonly #options: ScaleOptions & { readonly initialTasks: number };
  readonly #clock: FleetClock;
  readonly #freezes: Freezes;
  readonly #evidence: Evidence;
  readonly #pump: LoadPump;
  readonly #loop: ControlLoop;
  readonly #peers: PeersRun;
  #stage!: QueueStage;
  #sender!: LoadSender;
  #feed!: LoadFeed;
  #fleet!: ProcessFleet;
  #phase: "starting" | "running" | "stopping" = "starting";
  /** The second of the clock's at which the load began. */
  #origin = 0;
  #ticked = 0;
  #taskSeconds = 0;
  #beat: NodeJS.Timeout | undefined;
  #looking!: Looking;

  /** @param tell hears what the tasks do, as facts of one worker. */
  constructor(options: ScaleOptions, tell: Telemetry) {
    const { speed, load, seed, policy, visibilitySeconds } = options;
    const rateAt = (second: number) => load.rateAt(second) / speed;
    const simulated = { ...simulationOf(options), load: { name: load.name, rateAt }, seconds: 1, grain: 1, seed };
    const initialTasks = Math.min(
      policy.maxTasks,
      Math.max(policy.minTasks, options.initialTasks ?? steadyTasks(simulated)),
    );
    this.#options = { ...options, initialTasks };
    this.#clock = new FleetClock(speed);
    // What is left of a lease when its renewal is due: who is frozen for longer may outlast it.
    this.#freezes = new Freezes(visibilitySeconds / 2);
    this.#evidence = new Evidence(this.#clock, this.#freezes, tell);
    this.#pump = new LoadPump(load, 1 / speed, new Random(seed * 16 + 2));
    this.#loop = new ControlLoop({
      ...options,
      actionDelaySeconds: ACTION_DELAY_SECONDS,
      initialTasks,
      carryOut: (tasks) => {
        this.#fleet.service.desired = tasks;
      },
    });
    this.#peers = new PeersRun({ ...options, options: { ...simulated, initialTasks }, rateAt });
    this.actions = new ScaleActions({
      fleet: () => this.#fleet,
      pump: this.#pump,
      second: () => this.second,
      tell: (text) => this.events.tell(this.second, text),
      options,
    });
  }

  /** Seconds of the fleet's clock since the load began. */
  get second(): number {
    return this.#phase === "starting" ? 0 : this.#clock.now - this.#origin;
  }

  /** Resolves when the first tasks run and the load has begun. */
  async start(): Promise<void> {
    const { port, initialTasks, seed } = this.#options;
    this.#stage = await QueueStage.set(port, this.#clock);
    const workSeconds = agentTimer(this.#options, new Random(seed * 16 + 3));
    this.#sender = new LoadSender({
      send: (messages, signal) => this.#stage.producer.send(messages, signal),
      body: (n) => JSON.stringify({ n, workMs: Math.round(workSeconds() * 1000), ...this.actions.poisoned() }),
      onSent: (n, how) => {
        if (how !== "refused") this.#evidence.ledger.sent(n, how === "unsure");
      },
      onError: (error) => this.events.tell(this.second, `sending failed: ${(error as Error).message}`),
    });
    this.#feed = new LoadFeed(this.#pump, this.#sender, (n, second) => {
      this.#evidence.waits.sent(n, this.#clock.startWallMs + (this.#origin + second) * 1000);
      this.#peers.arrived(second);
    });
    this.#looking = new Looking({
      look: () => lookAt(this.#stage.server.endpoint, this.#stage.queueName),
      answered: () => this.#sender.answered,
      judge: (look, answered) => this.#evidence.judge(look, answered),
      onError: ({ message }) => this.events.tell(this.second, `the queue can't be looked into: ${message}`),
    });
    this.#fleet = await ProcessFleet.start(this.#fleetParts());
    this.#beat = setInterval(() => this.#onBeat(), BEAT_MS);
    await this.#fleet.running(initialTasks);
    this.#begin();
  }

  /** Stops the load, drains every task, and looks for the last time. */
  async stop(): Promise<void> {
    this.#phase = "stopping";
    this.actions.stop();
    await this.#sender.stop();
    await this.#fleet.drain();
    clearInterval(this.#beat);
    await this.#looking.last();
  }

  /** Ends everything that is left; harmless twice, and before the start is complete. */
  close(): void {
    clearInterval(this.#beat);
    this.#looking?.stop();
    this.#fleet?.close();
    this.#stage?.close();
  }

  /** Everything that is shown. The recent waits are those since the last call. */
  view(): ScaleView {
    return viewOf({
      second: this.second,
      now: this.#clock.now,
      options: this.#options,
      pump: this.#pump,
      feed: this.#feed,
      poison: this.actions.poison,
      fleet: this.#fleet,
      evidence: this.#evidence,
      loop: this.#loop,
      peers: this.#peers.views,
      events: this.events.latest,
      taskHours: this.#taskSeconds / 3600,
    });
  }

  #fleetParts(): Parameters<typeof ProcessFleet.start>[0] {
    return {
      ...this.#options,
      clock: this.#clock,
      freezes: this.#freezes,
      network: this.#stage.server,
      queueUrl: this.#stage.queueUrl,
      settings: workerSettings(this.#options),
      onMark: (task, mark) => this.#evidence.mark(task, mark),
      onSample: (sample) => this.#loop.published(sample, this.#clock.secondOf(sample.wallMs) - this.#origin),
      onEvent: (event) => {
        if (event.kind !== "deployed" && event.task.state === "gone") this.#evidence.taskEnded(event.task.id);
        this.events.service(this.second, event);
      },
      onTrouble: (task, text) => this.events.trouble(this.second, task, text),
    };
  }

  #begin(): void {
    this.#origin = Math.floor(this.#clock.now);
    this.#phase = "running";
    this.#fleet.begin();
    this.actions.plan();
    this.events.tell(0, `${this.#fleet.service.count("running")} tasks run, and the load begins`);
    this.#looking.start();
  }

  #onBeat(): void {
    if (this.#phase !== "running") return this.#fleet.service.tick(this.#clock.now);
    const { second } = this;
    this.#feed.follow(second);
    for (; this.#ticked + 1 <= second; this.#ticked++) this.#tick(this.#ticked + 1);
  }

  /** Whole seconds, each once, also where the machine stalled. */
  #tick(second: number): void {
    const { visible, inFlight } = this.#evidence.queue;
    this.#loop.seen(second, visible, inFlight);
    const order = this.#loop.tick(second);
    if (order) this.events.order(order);
    this.#fleet.service.tick(this.#origin + second);
    this.#taskSeconds += this.#fleet.tasks.length;
    this.#peers.follow(second);
  }
}
