import { writeFile } from "node:fs/promises";
import type { SimulationResult } from "../scaling/simulation-result.js";
import { simulateScaling } from "../scaling/simulator.js";
import { CALLS_PER_MESSAGE, taskHourUsd } from "../scaling/task-price.js";
import { parseCommandLine } from "./command-line.js";
import { ExitCode } from "./exit-code.js";
import { printHelp } from "./help.js";
import { LINE } from "./simulate/line.js";
import { pageOf } from "./simulate/page.js";
import { reportOf } from "./simulate/report.js";
import { type Scenario, scenarioOf } from "./simulate/scenario.js";

/** One policy's run as it is told: what happened, and what it cost. */
export interface Run extends SimulationResult {
  readonly costUsd: number;
}

/** `queuehand simulate`. */
export async function simulate(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  const scenario = await scenarioOf(typed);
  const started = performance.now();
  const runs = scenario.runs.map((options): Run => {
    const result = simulateScaling(options);
    return { ...result, costUsd: costOf(result, scenario) };
  });
  const elapsedMs = Math.round(performance.now() - started);
  const html = typed.text("html");
  if (html) await writeFile(html, pageOf(scenario, runs));
  process.stdout.write(
    typed.flag("json") ? `${JSON.stringify(jsonOf(scenario, runs, elapsedMs))}\n` : reportOf(scenario, runs, elapsedMs),
  );
  return ExitCode.ok;
}

/** Tasks by the hour and the worker's calls of SQS; alarms and metrics are a few dollars a month. */
function costOf(result: SimulationResult, { prices, size, spotShare, fifo }: Scenario): number {
  const perMillion = fifo ? prices.sqs.fifoMillion : prices.sqs.standardMillion;
  const calls = ((result.messages * CALLS_PER_MESSAGE) / 1e6) * perMillion;
  return result.taskHours * taskHourUsd(prices, size, spotShare) + calls;
}

function jsonOf(scenario: Scenario, runs: readonly Run[], elapsedMs: number) {
  const first = runs[0]!;
  return {
    ...numbersOf(first),
    load: scenario.load.name,
    seconds: scenario.seconds,
    messagesPerGroup: scenario.runs[0]!.grain,
    elapsedMs,
    activities: first.activities,
    ...(runs.length > 1 ? { compared: runs.map(numbersOf) } : {}),
  };
}

function numbersOf({ moments, activities, ...numbers }: Run) {
  return numbers;
}
