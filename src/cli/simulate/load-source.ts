import { type Load, type LoadTimes, parseLoad, traceLoad } from "../../scaling/load.js";
import { LoadError } from "../../scaling/load-error.js";
import { GAPS } from "../../scaling/trace.js";
import { type Option, type Typed, UsageError } from "../command-line.js";
import { CommandError } from "../failure.js";
import { readText } from "../input-file.js";
import { choiceOf } from "./choice.js";

const DAY_SECONDS = 86_400;
const YEAR_SECONDS = 366 * DAY_SECONDS;

/** What a command takes where nothing is said. */
export interface LoadDefaults {
  readonly load: string;
  /** Seconds from burst to burst, and that a burst lasts. */
  readonly period: number;
  readonly burst: number;
}

/** When the shapes happen, as options tell it. */
export const loadTimeOptions = ({ period, burst }: LoadDefaults): readonly Option[] => [
  {
    name: "gaps",
    value: GAPS.join("|"),
    meaning: "what a trace's missing intervals are: a fault, no messages, or the rate before (default: refuse)",
  },
  { name: "at", value: "SECONDS", meaning: "when a step, a ramp or the first burst begins (default: 60)" },
  { name: "over", value: "SECONDS", meaning: "how long a ramp takes (default: 300)" },
  {
    name: "period",
    value: "SECONDS",
    meaning: `length of a diurnal curve, or from burst to burst (default: 86400, bursts ${period})`,
  },
  { name: "burst", value: "SECONDS", meaning: `how long a burst lasts (default: ${burst})` },
];

export interface LoadSource {
  readonly load: Load;
  /** Its natural length, of a trace or a diurnal curve; undefined where it has none. */
  readonly seconds: number | undefined;
}

/** The load of `--load`, and when its shape happens. @throws UsageError or CommandError naming the part that can't be used. */
export async function loadOf(typed: Typed, defaults: LoadDefaults): Promise<LoadSource> {
  const text = typed.text("load") ?? defaults.load;
  const gaps = choiceOf(typed, "gaps", GAPS, "refuse");
  if (!text.includes(":")) {
    try {
      const trace = traceLoad(text, await readText(text, "load"), gaps);
      return { load: trace, seconds: Math.ceil(trace.seconds) };
    } catch (error) {
      throw error instanceof LoadError ? new CommandError(error.message) : error;
    }
  }
  const times = loadTimesOf(typed, text, defaults);
  return { load: shapedLoad(text, times), seconds: text.startsWith("diurnal:") ? times.period : undefined };
}

/** @throws UsageError naming the part of a shape that makes no sense. */
export function shapedLoad(text: string, times: LoadTimes): Load {
  try {
    return parseLoad(text, times);
  } catch (error) {
    throw error instanceof LoadError ? new UsageError(`--load: ${error.message}`) : error;
  }
}

/** When the shape of `text` happens. @throws UsageError naming the option that is out of bounds. */
export function loadTimesOf(typed: Typed, text: string, defaults: LoadDefaults): LoadTimes {
  const period = text.startsWith("bursts:") ? defaults.period : DAY_SECONDS;
  return {
    at: typed.integer("at", 0, YEAR_SECONDS) ?? 60,
    over: typed.integer("over", 1, YEAR_SECONDS) ?? 300,
    period: typed.integer("period", 1, YEAR_SECONDS) ?? period,
    burst: typed.integer("burst", 1, YEAR_SECONDS) ?? defaults.burst,
  };
}
