import type { Prices } from "../../../scaling/prices.js";
import { CALLS_PER_MESSAGE, type TaskSize, taskHourUsd } from "../../../scaling/task-price.js";

export interface Priced {
  readonly prices: Prices;
  readonly size: TaskSize;
  readonly spotShare: number;
}

/** US dollars for so many task-hours and messages, as `simulate` counts them: tasks by the hour, and the worker's calls. */
export function costSoFar({ prices, size, spotShare }: Priced, taskHours: number, messages: number): number {
  const calls = ((messages * CALLS_PER_MESSAGE) / 1e6) * prices.sqs.standardMillion;
  return taskHours * taskHourUsd(prices, size, spotShare) + calls;
}
