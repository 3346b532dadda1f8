import { BUDGET_ROWS } from "./budget-rows.mjs";
import { titleOf, whose } from "./line-up.mjs";
import { OWN_ROWS } from "./own-rows.mjs";
import { PEER_ROWS } from "./peer-rows.mjs";
import { SPEED_ROWS } from "./speed-rows.mjs";
import { TRACING_ROW } from "./tracing-row.mjs";

/**
 * The rows of the results. `needs` names measurements; the contestants of the first, or of those that `lines` names, make
 * the table's lines, all but those that `without` names; a column's value comes from the medians of one contestant and of
 * all; `judge` says whether queuehand reached its aim, from the medians by contestant.
 */
export const ROWS = [...SPEED_ROWS, ...PEER_ROWS, ...OWN_ROWS, TRACING_ROW, ...BUDGET_ROWS].toSorted(
  (one, other) => one.number - other.number,
);

/** A contestant may fail or be left out of a run, and then a ratio to it is not to be had. */
const NO_FIGURE = /undefined|NaN|Infinity/;

function figure(compute) {
  try {
    const text = compute();
    return NO_FIGURE.test(text) ? "–" : text;
  } catch (error) {
    if (error instanceof TypeError) return "–";
    throw error;
  }
}

function judgement(judge, needs, medians) {
  const all = needs.flatMap((key) => Object.entries(medians[key]));
  const ours = all.filter(([name]) => whose(name) === "queuehand");
  if (ours.length === 0) return "";
  const failed = ours.find(([, { failed }]) => failed);
  if (failed) return ` **Not reached**: ${titleOf(failed[0])} failed.`;
  const text = figure(() => {
    const { reached, text } = judge(medians);
    return ` **${reached ? "Reached" : "Not reached"}**: ${text}.`;
  });
  return text === "–" ? "" : text;
}

/** One row as Markdown. */
export function rowText(
  { number, title, aim, needs, lines: shown = [needs[0]], without = [], columns, judge },
  medians,
) {
  const headings = Object.keys(columns);
  const lines = [`## ${number}. ${title}`, ""];
  lines.push(`Aim: ${aim}.${judgement(judge, needs, medians)}`, "");
  lines.push(`| | ${headings.join(" | ")} |`, `|---|${headings.map(() => "---:|").join("")}`);
  for (const [name, values] of shown.flatMap((key) => Object.entries(medians[key]))) {
    if (without.includes(name)) continue;
    const cells = headings.map((heading, index) => {
      if (values.failed) return index === 0 ? "failed" : "";
      return figure(() => columns[heading](values, medians, name));
    });
    lines.push(`| ${titleOf(name)} | ${cells.join(" | ")} |`);
  }
  return lines.join("\n");
}
