import { PAUSE_MAX_SECONDS } from "../budget/budget.js";
import type { Ledger } from "../budget/ledger.js";
import type { AgentPace } from "../poll/agent-pace.js";
import type { Clock } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";
import type { Outcome } from "../ports/outcome.js";
import { VISIBILITY_MAX_SECONDS } from "../ports/queue.js";
import type { Telemetry, WithoutRun } from "../ports/telemetry.js";
import type { Processed } from "../run/processor.js";
import type { Acknowledger } from "../settle/acknowledger.js";
import type { Receives } from "../settle/receives.js";
import type { Breaker } from "./breaker.js";
import type { InHand } from "./in-hand.js";
import type { LastWork } from "./last-work.js";
import { DEFER_BASE_SECONDS, type Reruns } from "./reruns.js";
import type { EndedBy } from "./slots.js";
import type { Unstarted } from "./unstarted.js";

/** With less left of its 12 hours a message goes back to the queue rather than wait here. */
const LEASE_LEAST_SECONDS = 1_800;

type Busyness = NonNullable<Extract<Outcome, { kind: "defer" }>["busy"]>;

export interface AfterRunOptions {
  readonly acknowledger: Acknowledger;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly pace: AgentPace;
  readonly breaker: Breaker;
  readonly inHand: InHand;
  readonly unstarted: Unstarted;
  readonly reruns: Reruns;
  readonly lastWork: LastWork;
  readonly receives: Receives;
  /** Takes a message that came again and waited for the end of its run. */
  readonly take: (delivery: Delivery) => void;
  /** Told when others of a group may start, or went back. */
  readonly onGroup: () => void;
}

/**
 * What becomes of a delivery that has left its slot: another run under its lease, or its settlement. Its group goes on when
 * it is gone from the queue, and goes back with it when it isn't; a copy to the dead letters is waited for.
 */
export class AfterRun {
  readonly #options: AfterRunOptions;

  constructor(options: AfterRunOptions) {
    this.#options = options;
  }

  ended(delivery: Delivery, { outcome, agentMs }: Processed, by: EndedBy): void {
    const { acknowledger, pace, breaker, reruns, lastWork } = this.#options;
    const isFirst = delivery.runs <= 1 && delivery.message.receiveCount === 1;
    if (by === "run") pace.record(agentMs, outcome.kind);
    if (by !== "nothing" && !lastWork.begun) breaker.record(outcome, isFirst);
    if (outcome.kind === "defer" && outcome.busy && this.#waitsForProvider(delivery, outcome, outcome.busy)) return;
    delivery.grant = undefined;
    const effective = acknowledger.effective(outcome);
    if (this.#mayRunAgain(delivery, effective) && reruns.keep(delivery, effective, agentMs, breaker.nothingSucceeds))
      return;
    this.end(delivery, effective, agentMs);
  }

  /** A provider's word isn't the message's fault: it waits here for its budgets, and its run doesn't count. */
  #waitsForProvider(delivery: Delivery, outcome: Outcome & { kind: "defer" }, busy: Busyness): boolean {
    const { ledger, lastWork, unstarted, inHand, clock, telemetry } = this.#options;
    const kept = ledger.refused(delivery, inHand.running().length + 1, busy);
    for (const [budget, seconds] of Object.entries(busy)) {
      telemetry({ kind: "busy", delivery: delivery.facts, budget, seconds, reason: outcome.reason });
    }
    const leaseLeft = VISIBILITY_MAX_SECONDS - (clock.monotonic() - delivery.lease.heldSince) / 1000;
    const pause = Math.min(PAUSE_MAX_SECONDS, outcome.afterSeconds ?? 0);
    if (!kept || lastWork.begun || pause > leaseLeft / 2 || leaseLeft < LEASE_LEAST_SECONDS) return false;
    delivery.grant = undefined;
    delivery.waitsSince = clock.monotonic();
    unstarted.addAgain(delivery);
    return true;
  }

  #mayRunAgain(delivery: Delivery, outcome: Outcome): boolean {
    const { lastWork } = this.#options;
    if (!lastWork.begun) return true;
    return outcome.kind === "defer" && lastWork.mayWait(delivery, outcome, outcome.afterSeconds ?? DEFER_BASE_SECONDS);
  }

  /** Settles a delivery. */
  end(delivery: Delivery, outcome: Outcome, agentMs: number): void {
    const { acknowledger, inHand, unstarted, take } = this.#options;
    const successor = inHand.end(delivery);
    delivery.onLeaseLost = undefined;
    if (!unstarted.isGrouped) acknowledger.settle(delivery, outcome, agentMs);
    else this.#endInGroup(delivery, outcome, agentMs);
    if (successor) take(successor);
  }

  #endInGroup(delivery: Delivery, outcome: Outcome, agentMs: number): void {
    const groupAfter = (gone: boolean) => this.#groupAfter(delivery, gone || this.#isGivenUp(delivery, outcome));
    const operation = this.#options.acknowledger.settle(delivery, outcome, agentMs, groupAfter);
    if (operation.kind !== "deadLetter") groupAfter(operation.kind === "delete");
  }

  /** Makes visible a delivery that no agent saw. */
  release(delivery: Delivery, cause: WithoutRun, reason: string): void {
    const { acknowledger, inHand, unstarted } = this.#options;
    unstarted.remove(delivery);
    inHand.end(delivery);
    acknowledger.release(delivery, cause, reason);
  }

  /** Where no copy can be had the queue itself moves it to the dead letters, and its group must not go the same way. */
  #isGivenUp(delivery: Delivery, { kind }: Outcome): boolean {
    if (delivery.lease.lost) return false;
    return kind === "reject" || (kind === "retry" && this.#options.receives.isTriedOut(delivery));
  }

  #groupAfter(head: Delivery, gone: boolean): void {
    const { unstarted, onGroup } = this.#options;
    for (const follower of unstarted.ended(head, gone)) this.release(follower, "group", "its group's head failed");
    onGroup();
  }
}
