import type { MetricQuery } from "./metric-query.js";

/** A CloudWatch alarm. */
export interface AlarmDefinition {
  readonly name: string;
  readonly query: MetricQuery;
  /** 10, 20, 30, or a multiple of 60. */
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  /** So many of them must breach; at most `evaluationPeriods`. */
  readonly datapointsToAlarm: number;
  readonly threshold: number;
  readonly comparison: "GreaterThan" | "GreaterThanOrEqual" | "LessThan" | "LessThanOrEqual";
  readonly missingData: "missing" | "ignore" | "breaching" | "notBreaching";
}

/** One step: the interval counts from the alarm's threshold; an open end is infinite. */
export interface StepAdjustment {
  readonly lower: number;
  readonly upper: number;
  readonly adjustment: number;
}

export type AdjustmentType = "ChangeInCapacity" | "PercentChangeInCapacity" | "ExactCapacity";

export interface StepScalingPolicy {
  readonly kind: "step";
  readonly name: string;
  /** Each of them invokes the policy; their thresholds are the same, since steps count from it. */
  readonly alarms: readonly AlarmDefinition[];
  readonly adjustmentType: AdjustmentType;
  readonly steps: readonly StepAdjustment[];
  readonly cooldownSeconds: number;
  /** Least change of a PercentChangeInCapacity, tasks. */
  readonly minAdjustmentMagnitude: number;
  readonly aggregation: "Average" | "Maximum" | "Minimum";
}

export interface TargetTrackingPolicy {
  readonly kind: "targetTracking";
  readonly name: string;
  readonly query: MetricQuery;
  readonly target: number;
  readonly scaleOutCooldownSeconds: number;
  readonly scaleInCooldownSeconds: number;
  readonly scaleInDisabled: boolean;
}

/** Kubernetes' horizontal autoscaler as KEDA drives it; here for comparison only. */
export interface HpaPolicy {
  readonly kind: "hpa";
  readonly name: string;
  /** Messages, waiting and in flight, for which there shall be one task. */
  readonly messagesPerTask: number;
  /** Decides between no task and one. */
  readonly pollSeconds: number;
  /** From the last message until the last task goes. */
  readonly cooldownSeconds: number;
  /** Decides from one task on. */
  readonly syncSeconds: number;
  /** Scale-in takes the highest proposal of this time. */
  readonly stabilizationSeconds: number;
}

export type Policy = StepScalingPolicy | TargetTrackingPolicy | HpaPolicy;

/** A change of the floor or the ceiling at times that a cron expression names; not replayed unless asked for. */
export interface ScheduledChange {
  readonly name: string;
  readonly schedule: string;
  readonly minTasks: number | undefined;
  readonly maxTasks: number | undefined;
}

/** What scales one ECS service. */
export interface ScalingDefinition {
  /** As tables call it. */
  readonly name: string;
  readonly minTasks: number;
  readonly maxTasks: number;
  readonly policies: readonly Policy[];
  readonly scheduled: readonly ScheduledChange[];
}
