import { LoadError } from "./load-error.js";
import { readTraceFile, type TraceRow } from "./trace-file.js";

/** A recorded load: `rates[i]` messages a second from `starts[i]` to the next start, all in seconds since the first. */
export interface Trace {
  /** Whether messages were counted, so that as many are to be replayed; a rate is only their mean. */
  readonly counted: boolean;
  readonly starts: readonly number[];
  readonly rates: readonly number[];
  /** End of the last interval. */
  readonly seconds: number;
}

/**
 * What an interval that is missing, or has no value, is taken for: no messages, the rate of the one before, or a fault,
 * because a gap says nothing about the load.
 */
export const GAPS = ["refuse", "zero", "hold"] as const;
export type Gaps = (typeof GAPS)[number];

/** Recorders stamp their intervals a little early or late. */
const JITTER = 0.1;

/**
 * Reads a CSV of equal intervals: `time,messages` (messages sent in the interval that begins at `time`) or `time,rate`
 * (messages a second). The step from line to line that is seen most is the interval.
 * @param name how messages call the trace: its path.
 * @throws LoadError naming the line that can't be read, a gap that is refused, or an interval that is too short.
 */
export function parseTrace(csv: string, name: string, gaps: Gaps = "refuse"): Trace {
  const { values, rows } = readTraceFile(csv, name);
  const interval = commonest(rows.slice(1).map(({ time }, at) => time - rows[at]!.time));
  const counted = values === "messages";
  const fault = ({ line }: TraceRow, text: string) => new LoadError(`${name}, line ${line}: ${text}`);
  const starts: number[] = [];
  const rates: number[] = [];
  for (const [at, row] of rows.entries()) {
    const start = row.time - rows[0]!.time;
    const step = (rows[at + 1]?.time ?? row.time + interval) - row.time;
    if (step < interval * (1 - JITTER)) {
      throw fault(rows[at + 1]!, `an interval of ${step} s where intervals are ${interval} s`);
    }
    const followed = step <= interval * (1 + JITTER);
    if (!followed && gaps === "refuse") {
      throw fault(
        rows[at + 1]!,
        `a gap of ${step} s where intervals are ${interval} s: ${REMEDY}, or cut the trace there`,
      );
    }
    if (row.value === undefined && gaps === "refuse") throw fault(row, `${values} has no value: ${REMEDY}`);
    if (row.value === undefined && gaps === "hold" && at === 0) {
      throw fault(row, `${values} has no value, and there is none before it to hold: begin the trace later`);
    }
    starts.push(start);
    const measured =
      row.value === undefined ? undefined : counted ? row.value / (followed ? step : interval) : row.value;
    rates.push(measured ?? filling(gaps, rates));
    if (followed) continue;
    starts.push(start + interval);
    rates.push(filling(gaps, rates));
  }
  return { counted, starts, rates, seconds: rows.at(-1)!.time - rows[0]!.time + interval };
}

const REMEDY = "say --gaps zero or --gaps hold, fill it in";

const filling = (gaps: Gaps, rates: readonly number[]) => (gaps === "hold" ? rates.at(-1)! : 0);

/** The middle of the largest group of steps that differ by no more than jitter; of the shorter ones where two are as large. */
function commonest(steps: number[]): number {
  steps.sort((a, b) => a - b);
  let [from, size] = [0, 0];
  for (let first = 0, end = 0; first < steps.length; first++) {
    while (end < steps.length && steps[end]! <= steps[first]! * (1 + JITTER)) end++;
    if (end - first > size) [from, size] = [first, end - first];
  }
  return steps[from + Math.floor((size - 1) / 2)]!;
}
