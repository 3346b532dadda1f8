import pLimit from "p-limit";
import type { LeaseTable } from "../lease/lease-table.js";
import { AgentPace } from "../poll/agent-pace.js";
import { DEFERRED_PER_SLOT, type Demand, demandBeside } from "../poll/room.js";
import type { Clock } from "../ports/clock.js";
import { Delivery } from "../ports/delivery.js";
import { leaseLost, type Outcome } from "../ports/outcome.js";
import type { ReceivedMessage } from "../ports/queue.js";
import type { Telemetry } from "../ports/telemetry.js";
import type { Processed, Processor } from "../run/processor.js";
import type { Acknowledger } from "../settle/acknowledger.js";
import { Breaker } from "./breaker.js";
import { Deferrals } from "./deferrals.js";
import { GroupOrder } from "./group-order.js";
import { InHand } from "./in-hand.js";
import { WaitingLine } from "./waiting-line.js";

export interface DispatcherOptions {
  readonly slots: number;
  readonly fifo: boolean;
  readonly processor: Processor;
  readonly acknowledger: Acknowledger;
  readonly leases: LeaseTable;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** LOG_BODIES: facts about a delivery carry its body. */
  readonly logBodies: boolean;
  /** Told whenever there may be more room than before. */
  readonly onRoom: () => void;
  /** Told of messages for which there is no room at all, not even a lease. */
  readonly onOverflow: (messages: readonly ReceivedMessage[]) => void;
}

/**
 * Gives each received message a slot.
 * 1. At most `slots` agents run; a slot is free only when its agent has really ended.
 * 2. What waits is bounded in number and in time.
 * 3. A message is never worked on twice at once here, and a FIFO group never out of order.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #pace: AgentPace;
  readonly #groups: GroupOrder | undefined;
  readonly #deferrals: Deferrals;
  readonly #breaker: Breaker;
  readonly #inHand: InHand;
  readonly #waiting: WaitingLine;
  #busy = 0;
  #closed = false;
  #whenIdle: (() => void)[] = [];

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#limit = pLimit(options.slots);
    this.#pace = new AgentPace(options.slots);
    this.#groups = options.fifo ? new GroupOrder() : undefined;
    const { clock, telemetry } = options;
    this.#breaker = new Breaker({ clock, telemetry, onChange: () => this.#heedBreaker() });
    this.#inHand = new InHand(telemetry);
    this.#deferrals = new Deferrals(clock, options.slots * DEFERRED_PER_SLOT);
    this.#waiting = new WaitingLine(clock, (delivery) => this.#release(delivery, "no slot became free in time"));
  }

  get busy(): number {
    return this.#busy;
  }

  get buffered(): number {
    return this.#waiting.size + (this.#groups?.blocked ?? 0);
  }

  get meanAgentSeconds(): number {
    return this.#pace.meanSeconds;
  }

  get breakerOpen(): boolean {
    return this.#breaker.open;
  }

  /** What the poller may fetch. */
  demand(): Demand {
    const { slots, acknowledger } = this.#options;
    return demandBeside({
      slots,
      closed: this.#closed,
      bufferMax: this.#pace.bufferMax,
      busy: this.#busy,
      waiting: this.#waiting.size,
      blocked: this.#groups?.blocked ?? 0,
      settling: acknowledger.pending,
      breaker: this.#breaker,
    });
  }

  /** Takes what a receive brought; `leaseFrom` (monotonic milliseconds) is when SQS may have begun to hide it. */
  accept(messages: readonly ReceivedMessage[], leaseFrom: number, visibilityTimeoutSeconds: number): void {
    const now = this.#options.clock.monotonic();
    const overflow: ReceivedMessage[] = [];
    for (const message of messages) {
      const lease = this.#options.leases.hold(message.handle, leaseFrom, leaseFrom + visibilityTimeoutSeconds * 1000);
      if (!lease) {
        overflow.push(message);
        continue;
      }
      const delivery = new Delivery(message, lease, now, this.#options.logBodies);
      lease.onLost = (reason) => {
        this.#options.telemetry({ kind: "leaseLost", delivery: delivery.facts, reason });
        delivery.onLeaseLost?.(reason);
      };
      this.#take(delivery);
    }
    if (overflow.length > 0) this.#options.onOverflow(overflow);
  }

  /** Takes nothing any more and makes visible whatever hasn't started. */
  close(reason: string): void {
    this.#closed = true;
    this.#waiting.stop();
    this.#breaker.stop();
    const deferred = this.#deferrals.clear();
    const unstarted = [...this.#waiting.all(), ...(this.#groups?.clear() ?? []), ...this.#inHand.clearSuccessors()];
    for (const delivery of unstarted) this.#release(delivery, reason);
    for (const { delivery, secondsLeft, cause } of deferred) {
      this.#end(delivery, { kind: "defer", reason: cause, afterSeconds: secondsLeft }, 0);
    }
    this.#checkIdle();
  }

  /** Resolves when no agent runs and nothing waits for one. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#checkIdle();
    });
  }

  /** Deliveries whose agents still run. */
  running(): Delivery[] {
    return this.#inHand.running();
  }

  #take(delivery: Delivery): void {
    const { acknowledger } = this.#options;
    if (this.#closed) return acknowledger.release(delivery, "draining");
    if (!this.#inHand.admit(delivery)) return;
    if (!this.#groups || this.#groups.admit(delivery)) this.#submit(delivery);
  }

  /** A deferred one queues anew: it is not late because of the time that it was to wait. */
  #resume(delivery: Delivery): void {
    delivery.waitsSince = this.#options.clock.monotonic();
    this.#submit(delivery);
  }

  #submit(delivery: Delivery): void {
    this.#waiting.add(delivery);
    void this.#limit(() => this.#work(delivery));
    if (!this.#groups) this.#waiting.watch();
  }

  async #work(delivery: Delivery): Promise<void> {
    if (!this.#waiting.remove(delivery)) return;
    if (delivery.lease.lost) return this.#end(delivery, leaseLost, 0);
    // Only here, since in a FIFO group it is a failure like any other: its followers must not overtake it.
    if (!delivery.message.intact) {
      return this.#end(delivery, { kind: "retry", error: new Error("the body's MD5 doesn't match") }, 0);
    }
    this.#busy++;
    delivery.running = true;
    const processed = await this.#options.processor.process(delivery);
    delivery.running = false;
    this.#busy--;
    this.#pace.record(processed.agentMs, processed.outcome.kind);
    if (!this.#closed) this.#breaker.record(processed.outcome.kind, delivery.message.receiveCount);
    this.#conclude(delivery, processed);
    this.#options.onRoom();
    this.#checkIdle();
  }

  #conclude(delivery: Delivery, { outcome, agentMs }: Processed): void {
    const { acknowledger, telemetry } = this.#options;
    const effective = acknowledger.effective(outcome);
    if (effective.kind === "defer" && !this.#closed) {
      const seconds = this.#deferrals.hold(delivery, effective, (again) => this.#resume(again));
      if (seconds !== undefined) {
        delivery.onLeaseLost = () => this.#deferrals.drop(delivery) && this.#end(delivery, leaseLost, 0);
        telemetry({ kind: "deferred", delivery: delivery.facts, afterSeconds: seconds, reason: effective.reason });
        return;
      }
    }
    this.#end(delivery, effective, agentMs);
  }

  #end(delivery: Delivery, outcome: Outcome, agentMs: number): void {
    const { acknowledger } = this.#options;
    const successor = this.#inHand.end(delivery);
    delivery.onLeaseLost = undefined;
    acknowledger.settle(delivery, outcome, agentMs);
    if (this.#groups) {
      if (outcome.kind === "done" || outcome.kind === "reject") {
        const next = this.#groups.next(delivery);
        if (next) this.#submit(next);
      } else {
        for (const follower of this.#groups.dissolve(delivery)) this.#release(follower, "its group's head failed");
      }
    }
    if (successor) this.#take(successor);
  }

  /** What waits in the buffer goes one at a time as well. */
  #heedBreaker(): void {
    this.#limit.concurrency = this.#breaker.open ? 1 : this.#options.slots;
    this.#options.onRoom();
  }

  #release(delivery: Delivery, reason: string): void {
    this.#waiting.remove(delivery);
    this.#inHand.end(delivery);
    this.#options.acknowledger.release(delivery, reason);
  }

  #checkIdle(): void {
    if (this.#busy > 0 || this.#waiting.size > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
