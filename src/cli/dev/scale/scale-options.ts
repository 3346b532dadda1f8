import type { AgentTiming } from "../../../scaling/agent-timing.js";
import type { Load, LoadTimes } from "../../../scaling/load.js";
import type { ScalingDefinition } from "../../../scaling/policy.js";
import { PRICES, type Prices } from "../../../scaling/prices.js";
import type { TaskSize } from "../../../scaling/task-price.js";
import { type Typed, UsageError } from "../../command-line.js";
import { pricesOf } from "../../input-file.js";
import { fleetOptionsOf } from "../../simulate/fleet-options.js";
import { loadOf, loadTimesOf } from "../../simulate/load-source.js";
import { type LoopOptions, loopOptionsOf } from "../../simulate/loop-options.js";
import { policyOf } from "../../simulate/policy-source.js";
import { ACTIONS, type ActionName } from "./action-names.js";
import { LOAD_DEFAULTS, MAX_TASKS, SPEED } from "./scale-line.js";

/** An action that is taken by itself. */
export interface PlannedAction {
  readonly action: ActionName;
  /** Of the user's clock, since the start. */
  readonly second: number;
}

/** What `dev --scale` was asked for; seconds are of the fleet's clock unless a name says otherwise. */
export interface ScaleOptions extends AgentTiming, LoopOptions {
  readonly speed: number;
  /** Rates in messages a second of the user's clock. */
  readonly load: Load;
  readonly loadTimes: LoadTimes;
  /** Seconds of the user's clock; undefined = until told to stop. */
  readonly forSeconds: number | undefined;
  readonly startSeconds: number;
  readonly policy: ScalingDefinition;
  readonly initialTasks: number | undefined;
  readonly visibilitySeconds: number;
  readonly stopTimeoutSeconds: number;
  readonly prices: Prices;
  readonly size: TaskSize;
  readonly spotShare: number;
  readonly planned: readonly PlannedAction[];
  /** Of the queue server; 0 = any free one. */
  readonly port: number;
  /** Undefined = any from 8080 on, 0 = any free one. */
  readonly httpPort: number | "off" | undefined;
  readonly seed: number;
  readonly json: boolean;
}

const PORT_MAX = 65_535;

/** A machine of two cores bears somewhat more than it was measured to; beyond this nothing is right any more. */
const RATE_MAX = 5_000;

/** @throws UsageError or CommandError naming what can't be used. */
export async function scaleOptionsOf(typed: Typed): Promise<ScaleOptions> {
  const speed = typed.number("speed", SPEED.min, SPEED.max) ?? SPEED.fallback;
  const { load } = await loadOf(typed, LOAD_DEFAULTS);
  const { agentSeconds, startSeconds, spotShare, size } = fleetOptionsOf(typed);
  const policy = await policyOf(typed, 1, MAX_TASKS);
  checkRates(load);
  return {
    speed,
    load,
    loadTimes: loadTimesOf(typed, load.name, LOAD_DEFAULTS),
    forSeconds: typed.integer("for", 1, 86_400),
    agentSeconds,
    ...loopOptionsOf(typed),
    startSeconds,
    policy,
    initialTasks: typed.integer("tasks", 0, policy.maxTasks),
    visibilitySeconds: typed.integer("visibility", 15, 43_200) ?? 120,
    stopTimeoutSeconds: typed.integer("stop-timeout", 1, 120) ?? 120,
    prices: await pricesOf(typed, PRICES),
    size,
    spotShare,
    planned: typed.texts("do").map(plannedOf),
    port: typed.integer("port", 0, PORT_MAX) ?? 0,
    httpPort: typed.text("http-port") === "off" ? "off" : typed.integer("http-port", 0, PORT_MAX),
    seed: typed.integer("seed", 0, 1_000_000) ?? 1,
    json: typed.flag("json"),
  };
}

/** @throws UsageError where a rate of the load's first hours is more than any such machine bears. */
export function checkRates(load: Load): void {
  for (let second = 0; second < 7200; second++) {
    const rate = load.rateAt(second);
    if (rate <= RATE_MAX) continue;
    throw new UsageError(
      `--load: ${Math.ceil(rate)} messages a second in "${load.name}" are more than one machine bears, ${RATE_MAX}; see queuehand simulate`,
    );
  }
}

function plannedOf(text: string): PlannedAction {
  const [, name, second] = /^(\w+)@(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  const action = ACTIONS.find((each) => each === name);
  if (action && second !== undefined) return { action, second: Number(second) };
  throw new UsageError(`--do must be one of ${ACTIONS.join(", ")} with @SECOND, as in kill@10, got "${text}"`);
}
