import type { Moment } from "../../scaling/simulation-result.js";
import type { PricedRun } from "./priced-run.js";
import type { Scenario } from "./scenario.js";
import { escapeXml, type Line, svgChart } from "./svg-chart.js";
import { HEADER, rowsOf } from "./table.js";
import { short } from "./terminal-chart.js";

const COLORS = ["#2563eb", "#d97706", "#059669", "#dc2626", "#7c3aed"];

/** The four charts of a run, or of several laid over each other. */
export function chartsOf(runs: readonly PricedRun[]): string[] {
  const lines = (value: (moment: Moment) => number): Line[] =>
    runs.map((run, at) => ({
      label: run.policy,
      color: COLORS[at % COLORS.length]!,
      points: run.moments.map((moment) => [moment.second, value(moment)] as const),
    }));
  const [arrivals] = lines((moment) => moment.arrivalsPerSecond);
  return [
    svgChart("Arrivals", "messages a second", [{ ...arrivals!, label: "sent", color: "#475569" }]),
    svgChart(
      "Backlog",
      "messages that wait",
      lines((moment) => moment.waiting),
    ),
    svgChart(
      "Tasks",
      "running",
      lines((moment) => moment.runningTasks),
    ),
    svgChart(
      "Wait",
      "seconds, the longest of messages started then",
      lines((moment) => moment.waitSeconds),
    ),
  ];
}

/** A page that needs nothing but itself. */
export function pageOf(scenario: Scenario, runs: readonly PricedRun[]): string {
  const title = `queuehand simulate: ${scenario.load.name}`;
  const options = scenario.runs[0]!;
  const head = HEADER.map((name) => `<th scope="col">${escapeXml(name)}</th>`).join("");
  const row = (cells: readonly string[]) =>
    `<tr>${cells.map((cell, at) => `<td data-name="${escapeXml(HEADER[at]!)}">${escapeXml(cell)}</td>`).join("")}</tr>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeXml(title)}</title>
<style>
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 800px; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; font-size: 13px; width: 100% } td, th { padding: 2px 8px; text-align: right } td:first-child, th:first-child { text-align: left; overflow-wrap: anywhere }
svg { display: block; width: 100%; height: auto; margin: 1.2rem 0 }
@media (max-width: 640px) {
  thead { display: none }
  tr { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 2px 12px; padding: 8px 0; border-top: 1px solid #8884 }
  td { padding: 0; display: flex; justify-content: space-between; gap: 6px }
  td:first-child { grid-column: 1 / -1; font-weight: 600 }
  td:not(:first-child)::before { content: attr(data-name); color: #777 }
  .charts { overflow-x: auto }
  svg { min-width: 560px }
}
</style>
<h1>${escapeXml(title)}</h1>
<p>${short(runs[0]!.messages)} messages in ${scenario.seconds} s; agents of ${options.agentSeconds} s (${options.agentTimes}), ${options.slots} slots a task, tasks start in ${options.ecs.startSeconds} s, ${options.services} service(s), seed ${options.seed}. Prices of ${scenario.prices.date}, ${escapeXml(scenario.prices.region)}.</p>
<table><thead><tr>${head}</tr></thead><tbody>${rowsOf(runs).map(row).join("")}</tbody></table>
<div class="charts">
${chartsOf(runs).join("\n")}
</div>
</html>
`;
}
