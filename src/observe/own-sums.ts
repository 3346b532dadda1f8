import { METRIC_VALUES_MAX, type Metric } from "../pipeline/ports/metrics.js";
import { OUTCOME_KINDS } from "../pipeline/ports/outcome.js";
import type { WithoutRun } from "../pipeline/ports/telemetry.js";
import type { Histogram } from "./histogram.js";
import type { Reading } from "./reading.js";
import type { Totals } from "./snapshot.js";

const SECONDS_PER_MS = 1 / 1000;

/** What happened in one task between two readings: its own share of the fleet's sums and distributions. */
export function ownMetrics(before: Reading, now: Reading): Metric[] {
  // A failure is one whether the message is tried again here or by way of the queue.
  const settled = (kind: keyof Totals["settled"]) =>
    now.totals.settled[kind] - before.totals.settled[kind] + (kind === "retry" ? grown("retriedHere") : 0);
  const unseen = (cause: WithoutRun) => now.totals.withoutRun[cause] - before.totals.withoutRun[cause];
  const grown = (name: "receiveErrors" | "settleErrors" | "leasesLost" | "released" | "retriedHere" | "busy") =>
    now.totals[name] - before.totals[name];
  return [
    distribution("TimeInQueueSeconds", now.inQueueMs.since(before.inQueueMs)),
    distribution("AgentSeconds", now.agentMs.since(before.agentMs)),
    distribution("BudgetWaitSeconds", now.budgetWaitMs.since(before.budgetWaitMs)),
    // Only where there is any: who has no budgets pays for no metric.
    ...(grown("busy") > 0 ? [sum("ProviderBusy", grown("busy"))] : []),
    // "done" is told even when it is nought, so that an alarm can tell silence from standstill.
    ...OUTCOME_KINDS.filter((kind) => kind === "done" || settled(kind) > 0).map((outcome) => ({
      ...sum("MessagesSettled", settled(outcome)),
      outcome,
    })),
    sum("ReceiveErrors", grown("receiveErrors")),
    sum("SettleErrors", grown("settleErrors")),
    sum("LeasesLost", grown("leasesLost")),
    // What was given back unstarted, or with an agent deaf to its abort, has spent a receive as well.
    sum("Interruptions", settled("interrupted") + grown("released") + unseen("expired") + unseen("damaged")),
  ].filter(({ values }) => values.length > 0);
}

/** Whether `ownMetrics` would tell anything but noughts. */
export function happened(before: Reading, now: Reading): boolean {
  return ownMetrics(before, now).some(({ values }) => values.some((value) => value > 0));
}

function sum(name: string, value: number): Metric {
  return { name, unit: "Count", values: [value], counts: [1], resolution: 60 };
}

function distribution(name: string, histogram: Histogram): Metric {
  return {
    name,
    unit: "Seconds",
    ...histogram.valuesAndCounts(METRIC_VALUES_MAX, SECONDS_PER_MS),
    resolution: 60,
  };
}
