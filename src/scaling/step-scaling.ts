import type { StepAdjustment, StepScalingPolicy } from "./policy.js";

/**
 * The step for a metric that differs by `breach` from the alarm's threshold. Above the threshold a step holds its
 * lower end and not its upper one; below it, the other way round.
 */
export function stepFor(steps: readonly StepAdjustment[], breach: number): StepAdjustment | undefined {
  return steps.find(({ lower, upper }) =>
    breach >= 0 ? breach >= lower && breach < upper : breach > lower && breach <= upper,
  );
}

/** Tasks that a step orders, before the floor and the ceiling. @param tasks from which the change counts. */
export function capacityAfterStep(policy: StepScalingPolicy, step: StepAdjustment, tasks: number): number {
  switch (policy.adjustmentType) {
    case "ExactCapacity":
      return step.adjustment;
    case "ChangeInCapacity":
      return tasks + step.adjustment;
    case "PercentChangeInCapacity": {
      const change = wholeTasks((tasks * step.adjustment) / 100);
      const magnitude = Math.max(Math.abs(change), policy.minAdjustmentMagnitude);
      return tasks + Math.sign(step.adjustment) * magnitude;
    }
  }
}

/** AWS drops the fraction of a change (12.7 → 12, −6.67 → −6) unless nothing would be left of it (0.3 → 1). */
export function wholeTasks(change: number): number {
  if (change === 0) return 0;
  return Math.abs(change) < 1 ? Math.sign(change) : Math.trunc(change);
}

/** The one number that a breach is measured by, from the datapoints that made the alarm fire. */
export function aggregated(policy: StepScalingPolicy, datapoints: readonly number[]): number {
  switch (policy.aggregation) {
    case "Maximum":
      return Math.max(...datapoints);
    case "Minimum":
      return Math.min(...datapoints);
    case "Average":
      return datapoints.reduce((sum, value) => sum + value, 0) / datapoints.length;
  }
}
