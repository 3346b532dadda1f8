import type { Prices } from "./prices.js";
import { type TaskSize, taskHourUsd } from "./task-price.js";

/** Hours and seconds of a month of 365 ÷ 12 days: AWS's own 730 hours. */
export const MONTH_HOURS = 730;
export const MONTH_SECONDS = MONTH_HOURS * 3600;

/** SQS bills each 64 KB of a message as a request. */
const SQS_CHUNK_BYTES = 65_536;

/** CloudWatch metrics of one queue: the gauges, two distributions, one count an outcome and the errors. */
const METRICS_OF_A_QUEUE = 17;

/** Metrics under alarms of scaling at ten seconds, and under those of scaling and observability at a minute. */
const FAST_ALARMS = 3;
const SLOW_ALARMS = 12;

/** Publications of a fleet: about five in an interval, and each task's own sums four times an hour at most. */
const PUBLISHERS = 5;
const OWN_SUMS_SECONDS = 900;

/** A log line of a summary every ten seconds, with its fields. */
const SUMMARY_BYTES = 400;
const SUMMARY_SECONDS = 10;

/** How traffic leaves the VPC: through NAT gateways or through interface endpoints, one in each zone. */
export type Network = { readonly kind: "nat" | "endpoints" | "public"; readonly zones: number };

/** Interface endpoints that a worker needs: SQS, ECR (two), logs, monitoring. S3's gateway costs nothing. */
const ENDPOINTS = 5;

export interface BillInput {
  readonly prices: Prices;
  readonly size: TaskSize;
  readonly spotShare: number;
  readonly tasks: number;
  readonly messagesPerSecond: number;
  readonly messageBytes: number;
  /** Of the worker: receives, deletes and visibility changes. */
  readonly callsPerMessage: number;
  readonly queue: "standard" | "fair" | "fifo";
  /** METRICS_INTERVAL_SECONDS. */
  readonly metricsIntervalSeconds: number;
  readonly logBytesPerMessage: number;
  readonly network: Network;
}

/** US dollars a month, by part. */
export interface Bill {
  readonly fargate: number;
  readonly sqs: number;
  readonly cloudwatch: number;
  readonly logs: number;
  readonly network: number;
  readonly total: number;
}

/** What a fleet of a constant size costs in a month. */
export function monthlyBill(input: BillInput): Bill {
  const { prices, tasks, messagesPerSecond } = input;
  const fargate = tasks * MONTH_HOURS * taskHourUsd(prices, input.size, input.spotShare);
  const messages = messagesPerSecond * MONTH_SECONDS;

  // A received message of two chunks makes its call cost two requests; deletes carry no body.
  const chunks = Math.max(1, Math.ceil(input.messageBytes / SQS_CHUNK_BYTES));
  const perMillion =
    input.queue === "fifo"
      ? prices.sqs.fifoMillion
      : prices.sqs.standardMillion + (input.queue === "fair" ? prices.sqs.fairSurchargeMillion : 0);
  const sqs = ((messages * input.callsPerMessage * chunks) / 1e6) * perMillion;

  const { cloudwatch: cw } = prices;
  const putsPerSecond = Math.min(tasks, PUBLISHERS) / input.metricsIntervalSeconds + tasks / OWN_SUMS_SECONDS;
  const cloudwatch =
    METRICS_OF_A_QUEUE * cw.metricMonth +
    ((putsPerSecond * MONTH_SECONDS) / 1000) * cw.putThousand +
    FAST_ALARMS * cw.highResolutionAlarmMonth +
    SLOW_ALARMS * cw.alarmMonth;

  const logBytes = messages * input.logBytesPerMessage + (tasks * MONTH_SECONDS * SUMMARY_BYTES) / SUMMARY_SECONDS;
  const logs = (logBytes / 1e9) * cw.logsGb;
  const network = networkBill(input.network, (messages * input.messageBytes + logBytes) / 1e9, prices);
  return { fargate, sqs, cloudwatch, logs, network, total: fargate + sqs + cloudwatch + logs + network };
}

function networkBill({ kind, zones }: Network, gigabytes: number, { network }: Prices): number {
  switch (kind) {
    case "nat":
      return zones * network.natHour * MONTH_HOURS + gigabytes * network.natGb;
    case "endpoints":
      return ENDPOINTS * zones * network.endpointHour * MONTH_HOURS + gigabytes * network.endpointGb;
    case "public":
      return 0;
  }
}

/** The same agents under a Lambda event source mapping, one message at a time in an execution; US dollars a month. */
export function lambdaBill(
  { prices, size, messagesPerSecond }: Pick<BillInput, "prices" | "size" | "messagesPerSecond">,
  agentSeconds: number,
  memoryMiB: number,
  messagesPerInvocation: number,
): number {
  const messages = messagesPerSecond * MONTH_SECONDS;
  const gbSeconds = messages * agentSeconds * (memoryMiB / 1024);
  const perGbSecond = prices.lambda[size.architecture === "ARM64" ? "ARM64GbSecond" : "X86_64GbSecond"];
  return gbSeconds * perGbSecond + (messages / messagesPerInvocation / 1e6) * prices.lambda.requestMillion;
}
