import type { AlarmDefinition, TargetTrackingPolicy } from "./policy.js";

/** AWS makes and keeps these alarms itself; nobody may change them. */
const PERIOD_SECONDS = 60;
const HIGH_DATAPOINTS = 3;
const LOW_DATAPOINTS = 15;

/** Scale-in begins a tenth below the target: the dead zone. */
const LOW_SHARE = 0.9;

/**
 * AWS promises to scale in "gradually" and gives no number. This takes away at most so much of the fleet at once,
 * and one task where that is less.
 */
const IN_SHARE_MAX = 0.1;

/** The two alarms that AWS makes for a target-tracking policy. */
export function targetTrackingAlarms(policy: TargetTrackingPolicy): { high: AlarmDefinition; low: AlarmDefinition } {
  const { query, name } = policy;
  const common = { query, periodSeconds: PERIOD_SECONDS, missingData: "missing" as const };
  return {
    high: {
      ...common,
      name: `${name}-AlarmHigh`,
      comparison: "GreaterThan",
      threshold: policy.target,
      evaluationPeriods: HIGH_DATAPOINTS,
      datapointsToAlarm: HIGH_DATAPOINTS,
    },
    low: {
      ...common,
      name: `${name}-AlarmLow`,
      comparison: "LessThan",
      threshold: policy.target * LOW_SHARE,
      evaluationPeriods: LOW_DATAPOINTS,
      datapointsToAlarm: LOW_DATAPOINTS,
    },
  };
}

/** Tasks that bring a metric, which falls as tasks are added, down to the target: proportional, rounded up. */
export function capacityOut(tasks: number, metric: number, target: number): number {
  return Math.ceil((tasks * metric) / target);
}

/** Tasks after one scale-in: never so few that the metric would pass its target, and gradually. */
export function capacityIn(tasks: number, metric: number, target: number): number {
  const mostAtOnce = Math.max(1, Math.floor(tasks * IN_SHARE_MAX));
  return Math.min(tasks, Math.max(capacityOut(tasks, metric, target), tasks - mostAtOnce));
}
