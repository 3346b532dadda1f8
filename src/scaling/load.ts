import { LoadError } from "./load-error.js";
import { Random } from "./random.js";
import { type Gaps, parseTrace } from "./trace.js";

/** How many messages a second producers send, as a function of the second since the start. */
export interface Load {
  /** What was asked for, as it is printed. */
  readonly name: string;
  /** Its messages were counted: they come as many as they were, evenly spaced. Otherwise by chance around the rate. */
  readonly counted?: boolean;
  /** Messages a second during the second that begins at `second` (a whole number, from 0). */
  rateAt(second: number): number;
}

/** When the shapes happen; everything in seconds. */
export interface LoadTimes {
  /** A step or a ramp begins here. */
  readonly at: number;
  /** A ramp takes this long. */
  readonly over: number;
  /** A diurnal curve, or the time from burst to burst. */
  readonly period: number;
  /** A burst lasts this long. */
  readonly burst: number;
}

/** The forms of a load, as the help tells them. */
export const LOAD_FORMS = "constant:RATE, step:A..B, ramp:A..B, diurnal:A..B, bursts:A..B, or the path of a CSV trace";

/**
 * Reads `constant:RATE`, `step:A..B`, `ramp:A..B`, `diurnal:A..B` (lowest..highest) or `bursts:A..B`, rates in messages a second.
 * @throws LoadError for anything else.
 */
export function parseLoad(text: string, times: LoadTimes): Load {
  const match = /^(constant|step|ramp|diurnal|bursts):([^.]*(?:\.\d+)?)(?:\.\.(.+))?$/.exec(text);
  if (!match) throw new LoadError(`a load must be ${LOAD_FORMS}, got "${text}"`);
  const [, shape, first, second] = match;
  const low = rate(first!, text);
  if (shape === "constant") {
    if (second !== undefined) throw new LoadError(`constant takes one rate, got "${text}"`);
    return { name: text, rateAt: () => low };
  }
  if (second === undefined) throw new LoadError(`${shape} takes two rates, as in ${shape}:100..1000, got "${text}"`);
  const high = rate(second, text);
  const { at, over, period, burst } = times;
  switch (shape) {
    case "step":
      return { name: text, rateAt: (t) => (t < at ? low : high) };
    case "ramp":
      return { name: text, rateAt: (t) => low + (high - low) * Math.min(1, Math.max(0, (t + 0.5 - at) / over)) };
    case "diurnal":
      // Lowest at the start (4 in the morning, say), highest half a period later.
      return { name: text, rateAt: (t) => low + ((high - low) * (1 - Math.cos((2 * Math.PI * t) / period))) / 2 };
    default:
      return { name: text, rateAt: (t) => (t >= at && (t - at) % period < burst ? high : low) };
  }
}

/**
 * Replays a trace, each second with the mean of what was recorded for it; after the last interval the rate is 0.
 * @throws LoadError naming the line that is wrong.
 */
export function traceLoad(name: string, csv: string, gaps?: Gaps): Load & { readonly seconds: number } {
  const { counted, starts, rates, seconds } = parseTrace(csv, name, gaps);
  const endOf = (at: number) => starts[at + 1] ?? seconds;
  let at = 0;
  return {
    name,
    counted,
    seconds,
    rateAt(second) {
      if (second < starts[at]!) at = 0;
      while (at + 1 < starts.length && endOf(at) <= second) at++;
      let sum = 0;
      for (let each = at; each < starts.length && starts[each]! < second + 1; each++) {
        sum += rates[each]! * Math.max(0, Math.min(endOf(each), second + 1) - Math.max(starts[each]!, second));
      }
      return sum;
    },
  };
}

/** How long one disturbance of a noisy load lasts; shorter ones drown in the chance of single arrivals. */
const NOISE_SECONDS = 60;

/**
 * A load whose rate wanders around the given one: log-normal with mean 1 and coefficient of variation `variation`,
 * correlated over about a minute.
 */
export function noisyLoad(load: Load, variation: number, seed: number): Load {
  if (variation === 0) return load;
  const random = new Random(seed);
  const keep = Math.exp(-1 / NOISE_SECONDS);
  const fresh = Math.sqrt(1 - keep * keep);
  const variance = Math.log(1 + variation * variation);
  const factors: number[] = [];
  let state = random.normal();
  return {
    ...load,
    rateAt(second) {
      while (factors.length <= second) {
        factors.push(Math.exp(Math.sqrt(variance) * state - variance / 2));
        state = keep * state + fresh * random.normal();
      }
      return load.rateAt(second) * factors[second]!;
    },
  };
}

function rate(text: string, whole: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value <= RATE_MAX) return value;
  throw new LoadError(
    `a rate must be a number of messages a second between 0 and ${RATE_MAX}, got "${text}" in "${whole}"`,
  );
}

/** Ten times what a standard queue has been seen to take; a guard against a slipped digit. */
const RATE_MAX = 1_000_000;
