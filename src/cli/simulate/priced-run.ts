import type { SimulationResult } from "../../scaling/simulation-result.js";
import { CALLS_PER_MESSAGE, taskHourUsd } from "../../scaling/task-price.js";
import type { Scenario } from "./scenario.js";

/** One policy's run as it is told: what happened, and what it cost. */
export interface PricedRun extends SimulationResult {
  readonly costUsd: number;
}

/** Tasks by the hour and the worker's calls of SQS; alarms and metrics are a few dollars a month. */
export function priced(result: SimulationResult, { prices, size, spotShare, fifo }: Scenario): PricedRun {
  const perMillion = fifo ? prices.sqs.fifoMillion : prices.sqs.standardMillion;
  const calls = ((result.messages * CALLS_PER_MESSAGE) / 1e6) * perMillion;
  return { ...result, costUsd: result.taskHours * taskHourUsd(prices, size, spotShare) + calls };
}
