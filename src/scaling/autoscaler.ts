import { Alarm, type AlarmView } from "./alarm.js";
import { ScaleInCooldown, ScaleOutCooldown } from "./cooldown.js";
import { Hpa } from "./hpa.js";
import type { Metrics } from "./metric-series.js";
import type { Policy, ScalingDefinition, StepScalingPolicy, TargetTrackingPolicy } from "./policy.js";
import type { PolicyRun, Proposal } from "./policy-run.js";
import { aggregated, capacityAfterStep, stepFor } from "./step-scaling.js";
import { capacityIn, capacityOut, targetTrackingAlarms } from "./target-tracking.js";

/** A new number of tasks and the policy that asked for it. */
export interface ScalingActivity {
  readonly desiredTasks: number;
  readonly policy: string;
  /** Why, in words: the alarm, what it saw, and what the policy makes of that. */
  readonly reason: string;
}

export type { AlarmView };

/**
 * Application Auto Scaling for one service: evaluates its policies on the metrics and says how many tasks to order.
 * Scales out when any policy wants to, to the highest number asked for; scales in when nobody wants out (a target
 * tracking only when all of them are ready to), to the highest number asked for. Knows no clock: `tick` is told the time.
 */
export class Autoscaler {
  private readonly runs: readonly PolicyRun[];
  minTasks: number;
  maxTasks: number;

  /** @param delaySeconds between the end of a period and the moment at which its alarm is evaluated. */
  constructor(definition: ScalingDefinition, metrics: Metrics, delaySeconds: number, startSecond = 0) {
    this.minTasks = definition.minTasks;
    this.maxTasks = definition.maxTasks;
    this.runs = definition.policies.map((policy) => startPolicy(policy, metrics, delaySeconds, startSecond));
  }

  /** Those of all policies, as they are now. */
  get alarms(): readonly AlarmView[] {
    return this.runs.flatMap(({ alarms }) => alarms);
  }

  /** @returns the change to make at `now` (seconds, never running backwards), or undefined. */
  tick(now: number, desiredTasks: number): ScalingActivity | undefined {
    const within = (tasks: number) => Math.min(this.maxTasks, Math.max(this.minTasks, tasks));
    let out: (Proposal & { policy: string }) | undefined;
    let into: (Proposal & { policy: string }) | undefined;
    for (const run of this.runs) {
      const proposal = run.tick(now, desiredTasks);
      if (!proposal) continue;
      const tasks = within(proposal.desiredTasks);
      const candidate = { ...proposal, desiredTasks: tasks, policy: run.name };
      if (tasks > desiredTasks && tasks > (out?.desiredTasks ?? 0)) out = candidate;
      const vetoed = run.readyToScaleIn !== undefined && this.runs.some((each) => each.readyToScaleIn === false);
      if (tasks < desiredTasks && !vetoed && tasks > (into?.desiredTasks ?? -1)) into = candidate;
    }
    const chosen = out ?? into;
    if (chosen) {
      chosen.accepted();
      const { policy, reason } = chosen;
      return { desiredTasks: chosen.desiredTasks, policy, reason };
    }
    const bounded = within(desiredTasks);
    // Never below the floor; above the ceiling AWS leaves things alone until a policy acts.
    return bounded > desiredTasks
      ? { desiredTasks: bounded, policy: "floor", reason: `the floor is ${this.minTasks}` }
      : undefined;
  }
}

function startPolicy(policy: Policy, metrics: Metrics, delaySeconds: number, startSecond: number): PolicyRun {
  switch (policy.kind) {
    case "targetTracking":
      return new TargetTrackingRun(policy, metrics, delaySeconds, startSecond);
    case "step":
      return new StepScalingRun(policy, metrics, delaySeconds, startSecond);
    case "hpa":
      return new Hpa(policy, metrics);
  }
}

class TargetTrackingRun implements PolicyRun {
  readonly name: string;
  private readonly high: Alarm;
  private readonly low: Alarm;
  private readonly outCooldown: ScaleOutCooldown;
  private readonly inCooldown: ScaleInCooldown;

  constructor(
    private readonly policy: TargetTrackingPolicy,
    metrics: Metrics,
    delaySeconds: number,
    startSecond: number,
  ) {
    const { high, low } = targetTrackingAlarms(policy);
    this.name = policy.name;
    this.high = new Alarm(high, metrics, delaySeconds, startSecond);
    this.low = new Alarm(low, metrics, delaySeconds, startSecond);
    this.outCooldown = new ScaleOutCooldown(policy.scaleOutCooldownSeconds);
    this.inCooldown = new ScaleInCooldown(policy.scaleInCooldownSeconds);
  }

  get alarms(): readonly AlarmView[] {
    return [this.high.view, this.low.view];
  }

  get readyToScaleIn(): boolean {
    return this.policy.scaleInDisabled || this.low.state === "ALARM";
  }

  tick(now: number, tasks: number): Proposal | undefined {
    const above = this.high.tick(now);
    const below = this.low.tick(now);
    if (above) {
      const base = this.outCooldown.baseAt(now, tasks);
      const desiredTasks = capacityOut(base, above.at(-1)!, this.policy.target);
      return { desiredTasks, reason: reasonOf(this.high), accepted: () => this.outCooldown.started(now, base) };
    }
    if (below && !this.policy.scaleInDisabled && this.inCooldown.allows(now)) {
      const desiredTasks = capacityIn(tasks, below.at(-1)!, this.policy.target);
      return { desiredTasks, reason: reasonOf(this.low), accepted: () => this.inCooldown.started(now) };
    }
    return undefined;
  }
}

class StepScalingRun implements PolicyRun {
  readonly name: string;
  readonly readyToScaleIn = undefined;
  private readonly running: readonly Alarm[];
  private readonly outCooldown: ScaleOutCooldown;
  private readonly inCooldown: ScaleInCooldown;

  constructor(
    private readonly policy: StepScalingPolicy,
    metrics: Metrics,
    delaySeconds: number,
    startSecond: number,
  ) {
    this.name = policy.name;
    this.running = policy.alarms.map((alarm) => new Alarm(alarm, metrics, delaySeconds, startSecond));
    this.outCooldown = new ScaleOutCooldown(policy.cooldownSeconds);
    this.inCooldown = new ScaleInCooldown(policy.cooldownSeconds);
  }

  get alarms(): readonly AlarmView[] {
    return this.running.map(({ view }) => view);
  }

  tick(now: number, tasks: number): Proposal | undefined {
    const breach = this.breachAt(now);
    const step = breach && stepFor(this.policy.steps, breach.by);
    if (!breach || !step) return undefined;
    const unit = this.policy.adjustmentType === "PercentChangeInCapacity" ? " %" : " tasks";
    const sign = this.policy.adjustmentType !== "ExactCapacity" && step.adjustment > 0 ? "+" : "";
    const reason = `${reasonOf(breach.alarm)}: ${sign}${step.adjustment}${unit}`;
    const base = this.outCooldown.baseAt(now, tasks);
    const fromBase = capacityAfterStep(this.policy, step, base);
    if (fromBase > tasks) {
      return { desiredTasks: fromBase, reason, accepted: () => this.outCooldown.started(now, base) };
    }
    const desiredTasks = capacityAfterStep(this.policy, step, tasks);
    if (desiredTasks >= tasks || !this.inCooldown.allows(now)) return undefined;
    return { desiredTasks, reason, accepted: () => this.inCooldown.started(now) };
  }

  /** By how much the metric differs from the threshold, if an alarm invokes the policy now; the last one counts. */
  private breachAt(now: number): { readonly by: number; readonly alarm: Alarm } | undefined {
    let breach: { readonly by: number; readonly alarm: Alarm } | undefined;
    for (const alarm of this.running) {
      const datapoints = alarm.tick(now);
      if (!datapoints?.length) continue;
      breach = { by: aggregated(this.policy, datapoints) - alarm.definition.threshold, alarm };
    }
    return breach;
  }
}

const SIGNS = { GreaterThan: ">", GreaterThanOrEqual: "≥", LessThan: "<", LessThanOrEqual: "≤" } as const;

/** `BurstAlarmEven: SlotDemand 312 ≥ 112`. */
function reasonOf({ view }: Alarm): string {
  const value = view.value === undefined ? "?" : String(Number(view.value.toPrecision(3)));
  return `${view.name}: ${view.metric} ${value} ${SIGNS[view.comparison]} ${view.threshold}`;
}
