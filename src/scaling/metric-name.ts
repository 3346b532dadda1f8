/** A CloudWatch metric by name, without namespace and dimensions: a simulation has one queue. */
export type MetricName =
  | "SlotDemand"
  | "BacklogMessages"
  | "BacklogPerTask"
  | "QueueDelaySeconds"
  /** Visible and in flight at each second: no metric of CloudWatch's, but SQS's answer to who asks it, as KEDA does. */
  | "QueueMessages"
  /** SQS's own: once a minute. */
  | "ApproximateNumberOfMessagesVisible"
  /** What AWS Copilot's Lambda published each minute: visible messages over running tasks. */
  | "CopilotBacklogPerTask";

/** Those that a policy can name. */
export const METRIC_NAMES: readonly MetricName[] = [
  "SlotDemand",
  "BacklogMessages",
  "BacklogPerTask",
  "QueueDelaySeconds",
  "ApproximateNumberOfMessagesVisible",
  "CopilotBacklogPerTask",
];

export type Statistic = "Average" | "Maximum" | "Minimum" | "Sum" | "SampleCount";
