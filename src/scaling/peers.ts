import type { MetricName } from "./metric-name.js";
import type { AlarmDefinition, Policy, ScalingDefinition, StepAdjustment } from "./policy.js";

/** What a comparison has to know of the workload. */
export interface PeerWorkload {
  readonly slots: number;
  readonly agentSeconds: number;
  readonly targetDelaySeconds: number;
  readonly minTasks: number;
  readonly maxTasks: number;
}

/** How others scale a queue's consumers, with their defaults but all with our floor and ceiling. */
export function peerPolicies(workload: PeerWorkload): ScalingDefinition[] {
  const { slots, agentSeconds, targetDelaySeconds, minTasks, maxTasks } = workload;
  const definition = (name: string, policies: Policy[]): ScalingDefinition => ({
    name,
    minTasks,
    maxTasks,
    policies,
    scheduled: [],
  });
  return [
    definition("target tracking on backlog per task", [
      tracking("BacklogPerTask", (slots * targetDelaySeconds) / agentSeconds),
    ]),
    definition("Copilot (backlog per task)", [
      // Its target knows the acceptable delay and the agent's time and no concurrency.
      tracking("CopilotBacklogPerTask", Math.max(1, targetDelaySeconds / agentSeconds)),
    ]),
    definition("KEDA (queueLength 5)", [
      {
        kind: "hpa",
        name: "keda",
        messagesPerTask: 5,
        pollSeconds: 30,
        cooldownSeconds: 300,
        syncSeconds: 15,
        stabilizationSeconds: 300,
      },
    ]),
    definition("CDK (default steps)", cdkSteps()),
  ];
}

function tracking(metric: MetricName, target: number): Policy {
  return {
    kind: "targetTracking",
    name: `${metric} tracking`,
    query: { kind: "statistic", metric, statistic: "Average" },
    target,
    scaleOutCooldownSeconds: 60,
    scaleInCooldownSeconds: 60,
    scaleInDisabled: false,
  };
}

/** `QueueProcessingFargateService`: −1 at 0 visible messages, +1 from 100, +5 from 500, on alarms of five minutes. */
function cdkSteps(): Policy[] {
  const alarm = (name: string, threshold: number, comparison: AlarmDefinition["comparison"]): AlarmDefinition => ({
    name,
    query: { kind: "statistic", metric: "ApproximateNumberOfMessagesVisible", statistic: "Maximum" },
    periodSeconds: 300,
    evaluationPeriods: 1,
    datapointsToAlarm: 1,
    threshold,
    comparison,
    missingData: "missing",
  });
  const policy = (name: string, invoking: AlarmDefinition, steps: StepAdjustment[]): Policy => ({
    kind: "step",
    name,
    alarms: [invoking],
    adjustmentType: "ChangeInCapacity",
    steps,
    cooldownSeconds: 300,
    minAdjustmentMagnitude: 0,
    aggregation: "Maximum",
  });
  return [
    policy("LowerPolicy", alarm("LowerAlarm", 0, "LessThanOrEqual"), [
      { lower: Number.NEGATIVE_INFINITY, upper: 0, adjustment: -1 },
    ]),
    policy("UpperPolicy", alarm("UpperAlarm", 100, "GreaterThanOrEqual"), [
      { lower: 0, upper: 400, adjustment: 1 },
      { lower: 400, upper: Number.POSITIVE_INFINITY, adjustment: 5 },
    ]),
  ];
}
