import type uPlot from "uplot";
import type { Plot } from "./plot-list.js";

export interface PlotHooks {
  /** @param index the step that is pointed at; undefined: none. */
  readonly onCursor: (index: number | undefined) => void;
  /** Part of the time was chosen, in seconds since the epoch. */
  readonly onSelect: (part: readonly [number, number]) => void;
}

export const PLOT_HEIGHT = 170;
const WIDTH_MIN = 200;

export function widthOf(area: HTMLElement): number {
  return Math.max(WIDTH_MIN, area.clientWidth);
}

/** How a plot is drawn. Colours and width are read from the page as it is now. */
export function optionsOf(plot: Plot, area: HTMLElement, hooks: PlotHooks): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
  return {
    width: widthOf(area),
    height: PLOT_HEIGHT,
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
      setCursor: [({ cursor }: uPlot) => hooks.onCursor(cursor.idx ?? undefined)],
      setSelect: [
        (chart: uPlot) => {
          const { left, width } = chart.select;
          if (width < 4) return;
          hooks.onSelect([chart.posToVal(left, "x"), chart.posToVal(left + width, "x")]);
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
