import { LoadError } from "./load-error.js";

/** One line of a trace. */
export interface TraceRow {
  /** As editors count: from 1, the header included. */
  readonly line: number;
  /** Seconds; only differences mean anything. */
  readonly time: number;
  /** Undefined where the cell is empty: nobody measured. */
  readonly value: number | undefined;
}

/** A trace as it stands in its file. */
export interface TraceFile {
  /** Whether values are messages of an interval, or messages a second. */
  readonly values: "messages" | "rate";
  readonly rows: readonly TraceRow[];
}

/** The columns that a trace may have, as error messages tell them. */
const COLUMNS = "a trace needs a first line that names its columns: time,messages or time,rate";

/**
 * Reads a CSV with a header `time,messages` or `time,rate`; other columns may stand beside. `time` is a number of
 * seconds or an ISO 8601 time.
 * @param name how messages call the trace: its path.
 * @throws LoadError naming the line: no header, wrong columns, no number, time that stands still or runs backwards.
 */
export function readTraceFile(csv: string, name: string): TraceFile {
  const lines = csv.split(/\r?\n/);
  const fault = (line: number, text: string) => new LoadError(`${name}, line ${line}: ${text}`);
  const header = (lines[0] ?? "")
    .replace(/^\uFEFF/, "")
    .split(",")
    .map(unquoted);
  const column = (names: RegExp) => header.findIndex((title) => names.test(title));
  const [timeColumn, countColumn] = [column(/^(time|timestamp)$/i), column(/^messages$/i)];
  const valueColumn = countColumn >= 0 ? countColumn : column(/^rate$/i);
  if (timeColumn < 0 || valueColumn < 0) throw fault(1, `${COLUMNS}, got "${lines[0] ?? ""}"`);

  const rows: TraceRow[] = [];
  for (const [index, text] of lines.entries()) {
    const line = index + 1;
    if (index === 0 || text.trim() === "") continue;
    const cells = text.split(",").map(unquoted);
    if (cells.length !== header.length) {
      throw fault(line, `${header.length} columns are named and ${cells.length} given: "${text}"`);
    }
    const [timeCell, valueCell] = [cells[timeColumn]!, cells[valueColumn]!];
    const time = timeOf(timeCell);
    if (time === undefined) {
      throw fault(line, `time must be a number of seconds or an ISO 8601 time, got "${timeCell}"`);
    }
    const value = numberOf(valueCell);
    if (valueCell !== "" && (value === undefined || value < 0)) {
      throw fault(line, `${header[valueColumn]} must be a number not below 0, got "${valueCell}"`);
    }
    const previous = rows.at(-1);
    if (previous && time <= previous.time) {
      throw fault(
        line,
        `time must rise, got "${timeCell}", which is ${previous.time - time} s before line ${previous.line}`,
      );
    }
    rows.push({ line, time, value });
  }
  if (rows.length < 2) throw fault(lines.length, `a trace needs at least two intervals, got ${rows.length}`);
  return { values: countColumn >= 0 ? "messages" : "rate", rows };
}

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
