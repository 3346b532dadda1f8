import { writeFile } from "node:fs/promises";
import { simulateScaling } from "../../scaling/simulator.js";
import { parseCommandLine } from "../command-line.js";
import { ExitCode } from "../exit-code.js";
import { printHelp } from "../help.js";
import { print, printJson } from "../terminal.js";
import { LINE } from "./line.js";
import { pageOf } from "./page.js";
import { type PricedRun, priced } from "./priced-run.js";
import { reportOf } from "./report.js";
import { type Scenario, scenarioOf } from "./scenario.js";

/** `queuehand simulate`. */
export async function simulate(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  const scenario = await scenarioOf(typed);
  const started = performance.now();
  const runs = scenario.runs.map((options) => priced(simulateScaling(options), scenario));
  const elapsedMs = Math.round(performance.now() - started);
  const html = typed.text("html");
  if (html) await writeFile(html, pageOf(scenario, runs));
  if (typed.flag("json")) printJson(jsonOf(scenario, runs, elapsedMs));
  else print(reportOf(scenario, runs, elapsedMs));
  return ExitCode.ok;
}

function jsonOf(scenario: Scenario, runs: readonly PricedRun[], elapsedMs: number) {
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

function numbersOf({ moments, activities, ...numbers }: PricedRun) {
  return numbers;
}
