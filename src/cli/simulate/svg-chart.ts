import { short } from "./terminal-chart.js";

/** One line of a chart; a point is [second, value]. */
export interface Line {
  readonly label: string;
  readonly color: string;
  readonly points: readonly (readonly [number, number])[];
}

const WIDTH = 760;
/** Of the plot with its axis; title and legend come on top. */
const PLOT_HEIGHT = 170;
const LEFT = 64;
const RIGHT = 24;
const TITLE_HEIGHT = 18;
const LEGEND_HEIGHT = 15;
const BOTTOM = 26;

/** How many times higher than the first line's highest point the others are drawn: beyond that, they would flatten it. */
const BEYOND_FIRST = 2.5;

/**
 * A line chart over time as one SVG element that needs nothing else: no script, no style sheet, no font. It is about its
 * first line: what of the others goes far beyond that leaves the chart at its top, and the legend says up to where.
 */
export function svgChart(title: string, unit: string, given: readonly Line[]): string {
  const most = ({ points }: Line) => Math.max(...points.map(([, y]) => y), 0);
  const first = most(given[0]!);
  const bound = first > 0 ? first * BEYOND_FIRST : Number.POSITIVE_INFINITY;
  const lines = given.map((line) =>
    most(line) > bound ? { ...line, label: `${line.label} (up to ${short(most(line))})` } : line,
  );
  const all = lines.flatMap(({ points }) => points.map(([x, y]) => [x, Math.min(y, bound)] as const));
  const places = legendPlaces(lines);
  const headHeight = TITLE_HEIGHT + (places.at(-1)!.row + 1) * LEGEND_HEIGHT;
  const height = headHeight + PLOT_HEIGHT;
  const [from, to] = [0, Math.max(...all.map(([x]) => x), 1)];
  const step = niceStep(Math.max(...all.map(([, y]) => y), 1e-9) / 4);
  const top = step * Math.ceil(Math.max(...all.map(([, y]) => y), step) / step);
  const x = (second: number) => LEFT + ((second - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => height - BOTTOM - (value / top) * (PLOT_HEIGHT - BOTTOM - 8);
  const text = (at: readonly [number, number], anchor: string, content: string, extra = "") =>
    `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" text-anchor="${anchor}" ${extra}>${escapeXml(content)}</text>`;
  const grid = Array.from({ length: Math.round(top / step) + 1 }, (_, at) => at * step).map(
    (value) =>
      `<path d="M${LEFT} ${y(value).toFixed(1)}H${WIDTH - RIGHT}" stroke="#8884" />` +
      text([LEFT - 6, y(value) + 4], "end", short(value)),
  );
  const seconds = TIME_STEPS.find((each) => each >= (to - from) / 7) ?? niceStep((to - from) / 7);
  const ticks = Array.from({ length: Math.floor((to - from) / seconds) + 1 }, (_, at) => from + at * seconds).map(
    (second) => text([x(second), height - 8], "middle", clock(second)),
  );
  const clip = `inside-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  const inside = `<clipPath id="${clip}"><rect x="${LEFT}" y="${(y(top) - 2).toFixed(1)}" width="${WIDTH - LEFT - RIGHT}" height="${PLOT_HEIGHT}" /></clipPath>`;
  const paths = lines.map(
    ({ color, points }) =>
      `<path clip-path="url(#${clip})" d="M${points.map(([px, py]) => `${x(px).toFixed(1)} ${y(py).toFixed(1)}`).join("L")}" fill="none" stroke="${color}" stroke-width="1.6" />`,
  );
  const legend = lines.map(({ label, color }, line) => {
    const { x: left, row } = places[line]!;
    const middle = TITLE_HEIGHT + row * LEGEND_HEIGHT + 6;
    return `<path d="M${left} ${middle}h12" stroke="${color}" stroke-width="3" />${text([left + 16, middle + 4], "start", label)}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="11" fill="#777" role="img" aria-label="${escapeXml(title)}">`,
    text([LEFT, 13], "start", `${title}, ${unit}`, 'font-weight="bold"'),
    ...legend,
    ...grid,
    ...ticks,
    inside,
    // The first one above all others.
    ...paths.toReversed(),
    "</svg>",
  ].join("\n");
}

/** Steps of a time axis that people count in. */
const TIME_STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

/** About so wide is a letter. */
const LETTER_WIDTH = 6.2;

/** Labels in rows as wide as the chart. */
function legendPlaces(lines: readonly Line[]): { readonly x: number; readonly row: number }[] {
  let [x, row] = [LEFT, 0];
  return lines.map(({ label }) => {
    const width = 30 + label.length * LETTER_WIDTH;
    if (x > LEFT && x + width > WIDTH - RIGHT) [x, row] = [LEFT, row + 1];
    const place = { x: Math.round(x), row };
    x += width;
    return place;
  });
}

/** 1, 2 or 5 times a power of ten, not below `value`. */
function niceStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= value * 0.999) ?? 10);
}

function clock(second: number): string {
  if (second % 3600 === 0 && second > 0) return `${second / 3600} h`;
  return second % 60 === 0 ? `${second / 60} min` : `${second} s`;
}

/** Text as it may stand in XML and HTML. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
