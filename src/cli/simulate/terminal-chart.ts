/** Eight heights of a cell. */
const BLOCKS = " ▁▂▃▄▅▆▇█";

/** Rows of one chart. */
const HEIGHT = 5;

/** A filled chart of `values` over `width` columns, with its highest value at the left: title, then HEIGHT rows. */
export function terminalChart(title: string, values: readonly number[], width: number, unit: string): string {
  const columns = Array.from({ length: Math.min(width, values.length) }, (_, column) => {
    const from = Math.floor((column * values.length) / Math.min(width, values.length));
    const to = Math.floor(((column + 1) * values.length) / Math.min(width, values.length));
    return Math.max(...values.slice(from, Math.max(to, from + 1)));
  });
  const top = Math.max(...columns, 0);
  const rows = Array.from({ length: HEIGHT }, (_, row) => {
    const floor = HEIGHT - 1 - row;
    return columns
      .map((value) => {
        const eighths = top === 0 ? 0 : Math.round((value / top) * HEIGHT * 8) - floor * 8;
        return BLOCKS[Math.max(0, Math.min(8, eighths))];
      })
      .join("");
  });
  return [`${title} (highest ${short(top)} ${unit})`, ...rows.map((row) => `  ${row.trimEnd()}`)].join("\n");
}

/** A number for people: three digits that count. */
export function short(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`;
  if (value >= 1e4) return `${(value / 1e3).toPrecision(3)}k`;
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
