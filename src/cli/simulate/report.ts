import type { PricedRun } from "./priced-run.js";
import type { Scenario } from "./scenario.js";
import { HEADER, rowsOf } from "./table.js";
import { short, terminalChart } from "./terminal-chart.js";

const CHART_WIDTH = 76;

/** What the terminal shows: charts of the first run, then a table of all of them. */
export function reportOf(scenario: Scenario, runs: readonly PricedRun[], elapsedMs: number): string {
  const { moments } = runs[0]!;
  const chart = (title: string, values: number[], unit: string) => terminalChart(title, values, CHART_WIDTH, unit);
  const grain = scenario.runs[0]!.grain;
  const grouped = grain === 1 ? "each simulated by itself" : `simulated in groups of ${grain}`;
  return `${[
    `${scenario.load.name} for ${scenario.seconds} s: ${short(runs[0]!.messages)} messages, ${grouped}, in ${elapsedMs} ms`,
    chart(
      "arrivals",
      moments.map((moment) => moment.arrivalsPerSecond),
      "messages/s",
    ),
    chart(
      "waiting",
      moments.map((moment) => moment.waiting),
      "messages",
    ),
    chart(
      "tasks running",
      moments.map((moment) => moment.runningTasks),
      "tasks",
    ),
    chart(
      "wait of a message",
      moments.map((moment) => moment.waitSeconds),
      "s",
    ),
    tableOf(runs),
    footnoteOf(runs),
  ].join("\n\n")}\n`;
}

function tableOf(runs: readonly PricedRun[]): string {
  const rows = rowsOf(runs);
  const widths = HEADER.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  return [HEADER, ...rows]
    .map((row) => row.map((cell, at) => (at === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[at]!))).join("  "))
    .join("\n");
}

function footnoteOf(runs: readonly PricedRun[]): string {
  const notes = ["× least: task-hours over those of a fleet that is always full and starts in no time."];
  for (const { policy, unfinished } of runs) {
    if (unfinished === 0) continue;
    notes.push(
      `${policy}: ${short(unfinished)} messages still wait at the end; their waits go on at the last fleet's pace.`,
    );
  }
  return notes.join("\n");
}
