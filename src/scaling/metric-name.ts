/** A CloudWatch metric by name, without namespace and dimensions: a simulation has one queue. */
export type MetricName =
  | "SlotDemand"
  | "BacklogMessages"
  | "BacklogPerTask"
  | "QueueDelaySeconds"
  /** SQS's own: once a minute. */
  | "ApproximateNumberOfMessagesVisible"
  /** What AWS Copilot's Lambda published each minute: visible messages over running tasks. */
  | "CopilotBacklogPerTask";

export const METRIC_NAMES: readonly MetricName[] = [
  "SlotDemand",
  "BacklogMessages",
  "BacklogPerTask",
  "QueueDelaySeconds",
  "ApproximateNumberOfMessagesVisible",
  "CopilotBacklogPerTask",
];

export type Statistic = "Average" | "Maximum" | "Minimum" | "Sum" | "SampleCount";
