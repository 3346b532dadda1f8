import uPlot from "uplot";
import type { History, HistoryRange, SeriesName, Step } from "../api-history.js";
import { ask, find, make } from "./dom.js";
import { PLOTS, type Plot } from "./plot-list.js";
import { optionsOf, PLOT_HEIGHT, widthOf } from "./plot-options.js";

const STEPS = { hour: 3_600, day: 1_440 } as const;
/** A young worker's plot begins so wide, and grows to its range. */
const SPAN_MIN_SECONDS = { hour: 180, day: 3_600 } as const;

type Columns = { at: number[] } & Record<SeriesName, (number | null)[]>;

let range: HistoryRange = "hour";
let paused = false;
let zoomed: readonly [number, number] | undefined;
let columns: Columns | undefined;
const drawn = new Map<string, uPlot>();

/** Makes the plots and their buttons, and asks for what was before. */
export function preparePlots(): void {
  for (const plot of PLOTS) {
    const title = make("h3", "", plot.title);
    title.title = plot.help;
    const card = make("section", "card plot", title, make("div", "area"), make("p", "reading", "\u00a0"));
    card.id = plot.id;
    find("#plots").append(card);
  }
  for (const choice of ["hour", "day"] as const) {
    find(`[data-range="${choice}"]`).addEventListener("click", () => void choose(choice));
  }
  find('[data-do="pause"]').addEventListener("click", () => {
    paused = !paused;
    find('[data-do="pause"]').setAttribute("aria-pressed", String(paused));
    if (!paused) draw();
  });
  find('[data-do="whole"]').addEventListener("click", () => zoomTo(undefined));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", remake);
  new ResizeObserver(resize).observe(find("#plots"));
}

/** Everything of the range, anew. */
export async function loadPlots(): Promise<void> {
  const wanted = range;
  const { at, series } = await ask<History>(`/api/history?range=${wanted}`);
  if (wanted !== range) return;
  columns = { at: at.map((ms) => ms / 1_000), ...structuredClone(series) } as Columns;
  if (!paused) draw();
}

/** One second more. A day's newest minute is asked for when it is over. */
export function addStep(step: Step): void {
  if (!columns || step.at === 0) return;
  const last = columns.at.at(-1) ?? 0;
  const at = step.at / 1_000;
  if (range === "day") {
    if (at - last >= 60) void loadPlots().catch(() => {});
    return;
  }
  if (at <= last) return;
  columns.at.push(at);
  for (const [name, value] of Object.entries(step.values)) columns[name as SeriesName].push(value);
  if (columns.at.length > STEPS.hour) for (const column of Object.values(columns)) column.shift();
  if (!paused) draw();
}

async function choose(choice: HistoryRange): Promise<void> {
  range = choice;
  zoomed = undefined;
  for (const each of ["hour", "day"]) {
    find(`[data-range="${each}"]`).setAttribute("aria-pressed", String(each === choice));
  }
  await loadPlots().catch(() => {});
}

function draw(): void {
  // What nobody sees is drawn when it is scrolled to: the next second is soon enough.
  for (const plot of PLOTS) {
    const card = find(`#${plot.id}`);
    const { top, bottom } = card.getBoundingClientRect();
    if (drawn.has(plot.id) && (bottom < -PLOT_HEIGHT || top > innerHeight + PLOT_HEIGHT)) continue;
    drawPlot(plot, card);
  }
}

function drawPlot(plot: Plot, card: HTMLElement): void {
  if (!columns) return;
  const data = [columns.at, ...plot.lines.map(({ name }) => columns![name])] as uPlot.AlignedData;
  let chart = drawn.get(plot.id);
  if (!chart) {
    const area = find(".area", card);
    const onCursor = (index: number | undefined) => tellReading(plot, card, index);
    chart = new uPlot(optionsOf(plot, area, { onCursor, onSelect: zoomTo }), data, area);
    drawn.set(plot.id, chart);
    chart.root.setAttribute("aria-hidden", "true");
  } else chart.setData(data, false);
  const [from, to] = zoomed ?? wholeRange();
  chart.setScale("x", { min: from, max: to });
  if (chart.cursor.idx === null || chart.cursor.idx === undefined) tellReading(plot, card);
}

function wholeRange(): readonly [number, number] {
  const { at } = columns!;
  const last = at.at(-1) ?? Date.now() / 1_000;
  return [Math.min(at[0] ?? last, last - SPAN_MIN_SECONDS[range]), last];
}

function zoomTo(to: readonly [number, number] | undefined): void {
  zoomed = to;
  for (const chart of drawn.values()) {
    const [min, max] = to ?? wholeRange();
    chart.setScale("x", { min, max });
  }
}

/** What the lines say at one step, the newest unless given, as text: under the plot, and for those who don't see it. */
function tellReading(plot: Plot, card: HTMLElement, given?: number): void {
  if (!columns) return;
  const newest = given === undefined;
  const index = given ?? columns.at.length - 1;
  const at = columns.at[index];
  if (at === undefined) return;
  const time = make("time", "", newest ? "now" : new Date(at * 1_000).toLocaleTimeString("en-GB"));
  const readings = plot.lines.flatMap(({ name, label, color, dash }) => {
    const value = columns![name][index];
    if (value === undefined || (value === null && newest)) return [];
    const swatch = make("i", dash ? "dash" : "");
    swatch.style.color = `var(${color})`;
    return [make("span", "", swatch, `${label} `, make("b", "", value === null ? "–" : plot.tell(value)))];
  });
  find(".reading", card).replaceChildren(time, ...readings);
}

function resize(): void {
  for (const plot of PLOTS) {
    const width = widthOf(find(`#${plot.id} .area`));
    drawn.get(plot.id)?.setSize({ width, height: PLOT_HEIGHT });
  }
}

/** Colours are read when a plot is made. */
function remake(): void {
  for (const chart of drawn.values()) chart.destroy();
  drawn.clear();
  draw();
}
