import { short } from "./terminal-chart.js";

/** One line of a chart; a point is [second, value]. */
export interface Line {
  readonly label: string;
  readonly color: string;
  readonly points: readonly (readonly [number, number])[];
}

const WIDTH = 760;
const HEIGHT = 200;
const LEFT = 64;
const RIGHT = 12;
const TOP = 34;
const BOTTOM = 26;

/** A line chart over time as one SVG element that needs nothing else: no script, no style sheet, no font. */
export function svgChart(title: string, unit: string, lines: readonly Line[]): string {
  const all = lines.flatMap(({ points }) => points);
  const [from, to] = [Math.min(...all.map(([x]) => x)), Math.max(...all.map(([x]) => x))];
  const step = niceStep(Math.max(...all.map(([, y]) => y), 1e-9) / 4);
  const top = step * Math.ceil(Math.max(...all.map(([, y]) => y), step) / step);
  const x = (second: number) => LEFT + ((second - from) / Math.max(1, to - from)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const text = (at: readonly [number, number], anchor: string, content: string, extra = "") =>
    `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" text-anchor="${anchor}" ${extra}>${escapeXml(content)}</text>`;
  const grid = Array.from({ length: Math.round(top / step) + 1 }, (_, at) => at * step).map(
    (value) =>
      `<path d="M${LEFT} ${y(value).toFixed(1)}H${WIDTH - RIGHT}" stroke="#8884" />` +
      text([LEFT - 6, y(value) + 4], "end", short(value)),
  );
  const seconds = niceStep((to - from) / 6);
  const ticks = Array.from({ length: Math.floor((to - from) / seconds) + 1 }, (_, at) => from + at * seconds).map(
    (second) => text([x(second), HEIGHT - 8], "middle", clock(second)),
  );
  const paths = lines.map(
    ({ color, points }) =>
      `<path d="M${points.map(([px, py]) => `${x(px).toFixed(1)} ${y(py).toFixed(1)}`).join("L")}" fill="none" stroke="${color}" stroke-width="1.6" />`,
  );
  let at = LEFT;
  const legend = lines.map(({ label, color }) => {
    const place = at;
    at += 22 + label.length * 6.6;
    return `<path d="M${place} 24h12" stroke="${color}" stroke-width="3" />${text([place + 16, 28], "start", label)}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="11" fill="#777" role="img" aria-label="${escapeXml(title)}">`,
    text([LEFT, 13], "start", `${title}, ${unit}`, 'font-weight="bold"'),
    ...legend,
    ...grid,
    ...ticks,
    ...paths,
    "</svg>",
  ].join("\n");
}

/** 1, 2 or 5 times a power of ten, not below `value`. */
function niceStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= value * 0.999) ?? 10);
}

function clock(second: number): string {
  if (second < 120) return `${Math.round(second)} s`;
  return second < 7200 ? `${Math.round(second / 60)} min` : `${(second / 3600).toFixed(second % 3600 === 0 ? 0 : 1)} h`;
}

/** Text as it may stand in XML and HTML. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
