import uPlot from "uplot";
import type { History, HistoryRange, SeriesName, Step } from "../api-history.js";
import { ask, find, make } from "./dom.js";
import { count, duration } from "./words.js";

interface Line {
  readonly name: SeriesName;
  readonly label: string;
  readonly color: string;
  readonly dash?: true;
}

interface Plot {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly lines: readonly Line[];
  readonly tell: (value: number) => string;
}

const PLOTS: readonly Plot[] = [
  {
    id: "flow",
    title: "Arrivals and ends",
    help: "Messages received, and deliveries settled by outcome, in each step.",
    lines: [
      { name: "received", label: "received", color: "--soft", dash: true },
      { name: "done", label: "done", color: "--done" },
      { name: "retry", label: "failed", color: "--retry" },
      { name: "reject", label: "rejected", color: "--reject" },
      { name: "defer", label: "deferred", color: "--defer" },
      { name: "interrupted", label: "interrupted", color: "--interrupted" },
      { name: "leaseLost", label: "lease lost", color: "--leaseLost" },
    ],
    tell: count,
  },
  {
    id: "backlog",
    title: "Backlog",
    help: "Messages in the queue by state; known only while somebody looks, where SQS has to be asked.",
    lines: [
      { name: "waiting", label: "waiting", color: "--accent" },
      { name: "inFlight", label: "in flight", color: "--defer" },
      { name: "delayed", label: "delayed", color: "--retry" },
      { name: "deadLetters", label: "dead", color: "--bad" },
    ],
    tell: count,
  },
  {
    id: "times-plot",
    title: "Times",
    help: "Event to done at the first receive, in queue, and agent.",
    lines: [
      { name: "firstTryP50", label: "event to done p50", color: "--accent" },
      { name: "firstTryP99", label: "event to done p99", color: "--accent", dash: true },
      { name: "inQueueP50", label: "in queue p50", color: "--retry" },
      { name: "inQueueP99", label: "in queue p99", color: "--retry", dash: true },
      { name: "agentP50", label: "agent p50", color: "--defer" },
      { name: "agentP99", label: "agent p99", color: "--defer", dash: true },
    ],
    tell: duration,
  },
  {
    id: "slots-plot",
    title: "Slots and tasks",
    help: "Slots with an agent in them, of all there are; tasks on this queue.",
    lines: [
      { name: "busy", label: "busy slots", color: "--accent" },
      { name: "slots", label: "slots", color: "--soft", dash: true },
      { name: "buffered", label: "buffered", color: "--retry" },
      { name: "tasks", label: "tasks", color: "--defer" },
    ],
    tell: count,
  },
];

const HEIGHT = 170;
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
    if (drawn.has(plot.id) && (bottom < -HEIGHT || top > innerHeight + HEIGHT)) continue;
    drawPlot(plot, card);
  }
}

function drawPlot(plot: Plot, card: HTMLElement): void {
  if (!columns) return;
  const data = [columns.at, ...plot.lines.map(({ name }) => columns![name])] as uPlot.AlignedData;
  let chart = drawn.get(plot.id);
  if (!chart) {
    chart = new uPlot(optionsOf(plot, card), data, find(".area", card));
    drawn.set(plot.id, chart);
    chart.root.setAttribute("aria-hidden", "true");
  } else chart.setData(data, false);
  const [from, to] = zoomed ?? wholeRange();
  chart.setScale("x", { min: from, max: to });
  if (chart.cursor.idx === null || chart.cursor.idx === undefined) tellReading(plot, card, columns.at.length - 1, true);
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

function optionsOf(plot: Plot, card: HTMLElement): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
  return {
    width: Math.max(200, find(".area", card).clientWidth),
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: "time" }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: { x: { time: true }, y: { range: (_, _min, max) => [0, niceMost(max)] } },
    axes: [
      { ...axis, size: 26, space: 70, values: (_, ticks) => ticks.map((tick) => tickTime(tick)) },
      { ...axis, size: 58, space: 36, values: (_, ticks) => ticks.map((tick) => plot.tell(tick)) },
    ],
    series: [
      {},
      ...plot.lines.map(({ label, color: name, dash }) => ({
        label,
        stroke: color(name),
        width: 1.5,
        ...(dash && { dash: [4, 4] }),
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: {
      setCursor: [
        (chart: uPlot) => {
          const { idx } = chart.cursor;
          if (columns) tellReading(plot, card, idx ?? columns.at.length - 1, idx === null || idx === undefined);
        },
      ],
      setSelect: [
        (chart: uPlot) => {
          const { left, width } = chart.select;
          if (width < 4) return;
          zoomTo([chart.posToVal(left, "x"), chart.posToVal(left + width, "x")]);
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

const niceMost = (most: number | null) => (most === null || !(most > 0) ? 1 : most * 1.08);

function tickTime(seconds: number): string {
  const text = new Date(seconds * 1_000).toLocaleTimeString("en-GB");
  return text.endsWith(":00") ? text.slice(0, -3) : text;
}

/** What the lines say at one step, as text: under the plot, and for those who don't see it. */
function tellReading(plot: Plot, card: HTMLElement, index: number, newest: boolean): void {
  const at = columns?.at[index];
  if (at === undefined || !columns) return;
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
    const width = find(`#${plot.id} .area`).clientWidth;
    drawn.get(plot.id)?.setSize({ width: Math.max(200, width), height: HEIGHT });
  }
}

/** Colours are read when a plot is made. */
function remake(): void {
  for (const chart of drawn.values()) chart.destroy();
  drawn.clear();
  draw();
}
