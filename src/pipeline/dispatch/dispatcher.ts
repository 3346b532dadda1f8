import type { Ledger } from "../budget/ledger.js";
import { AgentPace } from "../poll/agent-pace.js";
import { type Demand, demandBeside, heldBackMax } from "../poll/room.js";
import type { Clock } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";
import type { Handler } from "../ports/handler.js";
import { leaseLost } from "../ports/outcome.js";
import type { Queue } from "../ports/queue.js";
import type { Telemetry } from "../ports/telemetry.js";
import type { Processor } from "../run/processor.js";
import type { Acknowledger } from "../settle/acknowledger.js";
import { Receives } from "../settle/receives.js";
import { AfterRun } from "./after-run.js";
import { Breaker } from "./breaker.js";
import type { BudgetLanes } from "./budget-lanes.js";
import { FetchPace } from "./fetch-pace.js";
import { InHand } from "./in-hand.js";
import { LastWork } from "./last-work.js";
import type { MayWait } from "./rerun.js";
import { Reruns } from "./reruns.js";
import { Slots } from "./slots.js";
import { Unstarted } from "./unstarted.js";
import { WaitingLine } from "./waiting-line.js";

export interface DispatcherOptions {
  readonly queue: Pick<Queue, "maxReceiveCount">;
  readonly slots: number;
  readonly fifo: boolean;
  readonly ledger: Ledger;
  readonly processor: Processor;
  /** Where only the agent's process can tell what a message takes of budgets. */
  readonly estimate?: Handler["estimate"] | undefined;
  readonly acknowledger: Acknowledger;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Whether other tasks may have a slot for what waits here. */
  readonly othersAtWork: () => boolean;
  /** An agent starts only while at least this much is left of its message's lease. */
  readonly leaseMarginMs: number;
  /** Told whenever there may be more room than before. */
  readonly onRoom: () => void;
}

/** A message with fewer receives left is not given back for others to take. */
const RECEIVES_KEPT = 2;

/**
 * Brings each received message to its run, and from there to its settlement or to another run.
 * 1. What waits is bounded in number, and keeps its lease: a receive is followed by a run.
 * 2. A message is never worked on twice at once here, and a FIFO group never out of order.
 * 3. A stop works off what is in hand as far as there is time, and makes the rest visible.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #pace: AgentPace;
  readonly #reruns: Reruns;
  readonly #breaker: Breaker;
  readonly #inHand: InHand;
  readonly #unstarted: Unstarted;
  readonly #slots: Slots;
  readonly #lastWork: LastWork;
  readonly #afterRun: AfterRun;
  readonly #receives: Receives;
  readonly #fetchPace: FetchPace;
  #whenIdle: (() => void)[] = [];

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { clock, telemetry, acknowledger, queue, slots, fifo, ledger } = options;
    this.#receives = new Receives(queue);
    this.#breaker = new Breaker({ clock, telemetry, onChange: () => this.#heedBreaker() });
    this.#inHand = new InHand(telemetry);
    this.#pace = new AgentPace(slots, () => this.#inHand.runningSince());
    this.#reruns = new Reruns({
      clock,
      telemetry,
      fifo,
      max: heldBackMax(slots),
      receives: this.#receives,
      operation: (delivery, outcome) => acknowledger.operation(delivery, outcome),
      hasFollowers: (delivery) => this.#unstarted.hasFollowers(delivery),
      resume: (delivery) => this.#resume(delivery),
      onPatienceOver: () => this.#slots.mayTry && this.#unstarted.waiting === 0 && this.#reruns.tryOne(),
      onLost: (delivery) => this.#afterRun.end(delivery, leaseLost, 0),
    });
    const waiting = new WaitingLine({
      clock,
      ledger,
      onLate: (delivery) => this.#heedLate(delivery),
      onReady: () => this.#budgetsAllow(),
    });
    ledger.onMore = () => this.#budgetsAllow();
    ledger.onLearned = () => waiting.recharge();
    this.#fetchPace = new FetchPace({ ledger, lanes: waiting.lanes, clock, onRoom: options.onRoom });
    this.#unstarted = new Unstarted(waiting, fifo);
    this.#slots = new Slots({
      ...options,
      waiting,
      breaker: this.#breaker,
      onEstimated: (delivery) => this.#heedEstimates(delivery),
      onEnded: (delivery, processed, by) => {
        this.#afterRun.ended(delivery, processed, by);
        this.#slots.fill();
        options.onRoom();
        this.#checkIdle();
      },
    });
    this.#lastWork = new LastWork({
      clock,
      unstarted: this.#unstarted,
      inHand: this.#inHand,
      slots: this.#slots,
      pace: this.#pace,
      breaker: this.#breaker,
      receives: this.#receives,
      release: (delivery, reason) => this.#afterRun.release(delivery, "stop", reason),
    });
    this.#afterRun = new AfterRun({
      acknowledger,
      ledger,
      clock,
      telemetry,
      pace: this.#pace,
      breaker: this.#breaker,
      inHand: this.#inHand,
      unstarted: this.#unstarted,
      reruns: this.#reruns,
      lastWork: this.#lastWork,
      receives: this.#receives,
      take: (delivery) => this.take(delivery),
      onGroup: () => {
        this.#slots.fill();
        this.#checkIdle();
      },
    });
  }

  get busy(): number {
    return this.#slots.busy;
  }

  /** Messages that wait for budgets. */
  get unbudgeted(): number {
    return this.#unstarted.unbudgeted;
  }

  /** What waits for budgets, lane by lane. */
  get budgetLanes(): Pick<BudgetLanes, "waits" | "blocked"> {
    return this.#unstarted.lanes;
  }

  /** Messages that wait for a slot, for budgets or for their group's head. */
  get buffered(): number {
    return this.#unstarted.size;
  }

  /** Messages that wait under their lease for another run. */
  get heldBack(): number {
    return this.#reruns.size;
  }

  get meanAgentSeconds(): number {
    return this.#pace.meanSeconds;
  }

  get breakerOpen(): boolean {
    return this.#breaker.open;
  }

  /** What the poller may fetch. */
  demand(): Demand {
    const { slots, acknowledger, clock } = this.#options;
    return demandBeside({
      slots,
      closed: this.#lastWork.begun,
      bufferMax: this.#receives.areFew ? 0 : this.#pace.bufferMax(clock.monotonic()),
      busy: this.#slots.busy,
      waiting: this.#unstarted.waiting,
      blocked: this.#unstarted.blocked,
      heldBack: this.#reruns.size,
      settling: acknowledger.settling,
      budgets: this.#fetchPace.take(),
      unbudgeted: this.#unstarted.unbudgeted,
      trial: this.#breaker.open ? this.#slots.mayFetchTry : undefined,
    });
  }

  /** Takes a received delivery. */
  take(delivery: Delivery): void {
    if (!this.#inHand.admit(delivery)) return;
    if (this.#lastWork.begun && !this.#lastWork.take(delivery)) return;
    this.#unstarted.add(delivery);
    this.#slots.fill();
  }

  /**
   * Has nothing more fetched, and works off what is in hand as far as the agents' pace says that it ends within `ms`
   * milliseconds.
   */
  close(ms: number): void {
    this.#unstarted.stop();
    this.#fetchPace.stop();
    this.#breaker.stop();
    this.#lastWork.begin(ms);
    this.#endReruns((delivery, outcome, seconds) => this.#lastWork.mayWait(delivery, outcome, seconds));
    this.#checkIdle();
  }

  /** After `close`: what is to go back may, since nothing can be fetched here again. */
  pollsEnded(): void {
    this.#lastWork.pollsEnded();
    this.#checkIdle();
  }

  /** After `close`: what hasn't started by now goes back. */
  giveBackUnstarted(): void {
    this.#lastWork.giveBackUnstarted();
    this.#endReruns();
    this.#checkIdle();
  }

  /** Starts no agent any more. */
  shut(): void {
    this.#lastWork.shut();
    this.#unstarted.shut();
    this.#endReruns();
    this.#checkIdle();
  }

  /** Resolves when no agent runs and nothing waits for one. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#checkIdle();
    });
  }

  /** Deliveries whose agents still run, or still think about what they take. */
  running(): Delivery[] {
    return [...this.#inHand.running(), ...this.#slots.asked];
  }

  #endReruns(mayWait?: MayWait): void {
    for (const { delivery, outcome } of this.#reruns.clear(mayWait)) this.#afterRun.end(delivery, outcome, 0);
  }

  /** It waits for its budgets now; where a stop has begun meanwhile and leaves it no time, it goes back. */
  #heedEstimates(delivery: Delivery): void {
    if (!this.#lastWork.begun || this.#lastWork.mayTake(delivery)) this.#unstarted.addAgain(delivery);
    else for (const each of [delivery, ...this.#unstarted.ended(delivery, false)]) this.#lastWork.giveBack(each);
    this.#slots.fill();
    if (this.#lastWork.begun) this.#lastWork.giveBackLate();
    this.#options.onRoom();
    this.#checkIdle();
  }

  /** One that comes back queues anew: it is not late because of the time that it was to wait. */
  #resume(delivery: Delivery): void {
    delivery.waitsSince = this.#options.clock.monotonic();
    this.#unstarted.addAgain(delivery);
    this.#slots.fill();
  }

  /** Given back at most once, to others that may have a slot, and never with its last receives. */
  #heedLate(delivery: Delivery): void {
    if (delivery.message.receiveCount > 1 || this.#receives.leftAfter(delivery) < RECEIVES_KEPT) return;
    if (this.#options.othersAtWork()) this.#afterRun.release(delivery, "late", "no slot became free in time");
  }

  #budgetsAllow(): void {
    this.#slots.fill();
    this.#options.onRoom();
  }

  #heedBreaker(): void {
    if (this.#lastWork.begun) return;
    if (!this.#breaker.open) this.#reruns.resumeSpared();
    this.#slots.fill();
    this.#options.onRoom();
  }

  #checkIdle(): void {
    if (this.#slots.busy > 0 || this.#unstarted.size > 0 || (this.#lastWork.begun && this.#reruns.size > 0)) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
