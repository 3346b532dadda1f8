import { LoadError } from "./load-error.js";

/** A recorded load: `rates[i]` messages a second from `starts[i]` to the next start, all in seconds since the first. */
export interface Trace {
  readonly starts: readonly number[];
  readonly rates: readonly number[];
  /** End of the last interval. */
  readonly seconds: number;
}

/** The columns that a trace may have, as error messages tell them. */
const COLUMNS = "a trace needs a first line that names its columns: time,messages or time,rate";

/**
 * Reads a CSV with a header `time,messages` (messages sent in the interval that begins at `time`) or `time,rate`
 * (messages a second). `time` is a number of seconds or an ISO 8601 time. Intervals are as long as the first one;
 * one that is missing is a fault and not a zero, because a gap in a recording says nothing about the load.
 * @param name how messages call the trace: its path.
 * @throws LoadError naming the line: no header, wrong columns, no number, time that stands still or runs backwards, a gap.
 */
export function parseTrace(csv: string, name: string): Trace {
  const lines = csv.split(/\r?\n/);
  const fault = (index: number, text: string) => new LoadError(`${name}, line ${index + 1}: ${text}`);
  const header = (lines[0] ?? "")
    .replace(/^\uFEFF/, "")
    .split(",")
    .map(unquoted);
  const timeColumn = header.findIndex((column) => /^(time|timestamp)$/i.test(column));
  const countColumn = header.findIndex((column) => /^messages$/i.test(column));
  const rateColumn = header.findIndex((column) => /^rate$/i.test(column));
  const valueColumn = countColumn >= 0 ? countColumn : rateColumn;
  if (timeColumn < 0 || valueColumn < 0) throw fault(0, `${COLUMNS}, got "${lines[0] ?? ""}"`);

  const rows: { readonly index: number; readonly time: number; readonly value: number }[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === "") continue;
    const cells = line.split(",").map(unquoted);
    if (cells.length !== header.length) {
      throw fault(index, `${header.length} columns are named and ${cells.length} given: "${line}"`);
    }
    const time = timeOf(cells[timeColumn]!);
    if (time === undefined) {
      throw fault(index, `time must be a number of seconds or an ISO 8601 time, got "${cells[timeColumn]}"`);
    }
    const value = numberOf(cells[valueColumn]!);
    if (value === undefined || value < 0) {
      throw fault(index, `${header[valueColumn]} must be a number not below 0, got "${cells[valueColumn]}"`);
    }
    const previous = rows.at(-1);
    if (previous && time <= previous.time) {
      throw fault(
        index,
        `time must rise, got "${cells[timeColumn]}", which is ${previous.time - time} s before line ${previous.index + 1}`,
      );
    }
    const interval = rows.length > 1 ? rows[1]!.time - rows[0]!.time : undefined;
    if (previous && interval !== undefined && Math.abs(time - previous.time - interval) > interval * JITTER) {
      const gap = time - previous.time;
      throw fault(
        index,
        gap > interval
          ? `a gap of ${gap} s where intervals are ${interval} s: fill it in, or cut the trace there`
          : `an interval of ${gap} s where intervals are ${interval} s`,
      );
    }
    rows.push({ index, time, value });
  }
  if (rows.length < 2) throw fault(lines.length - 1, `a trace needs at least two intervals, got ${rows.length}`);
  const interval = rows[1]!.time - rows[0]!.time;
  const starts = rows.map(({ time }) => time - rows[0]!.time);
  return {
    starts,
    rates: rows.map(({ value }) => (countColumn >= 0 ? value / interval : value)),
    seconds: starts.at(-1)! + interval,
  };
}

/** Recorders stamp their intervals a little early or late. */
const JITTER = 0.1;

const unquoted = (cell: string) => cell.trim().replace(/^"(.*)"$/, "$1");

function numberOf(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function timeOf(text: string): number | undefined {
  const number = numberOf(text);
  if (number !== undefined) return number;
  const epoch = /^\d{4}-\d\d-\d\d[T ]/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(epoch) ? undefined : epoch / 1000;
}
