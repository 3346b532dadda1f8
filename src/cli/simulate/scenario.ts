import type { Protection } from "../../scaling/ecs-service.js";
import { type Load, noisyLoad } from "../../scaling/load.js";
import { peerPolicies } from "../../scaling/peers.js";
import type { ScalingDefinition } from "../../scaling/policy.js";
import { PRICES, type Prices } from "../../scaling/prices.js";
import type { SimulationOptions } from "../../scaling/simulator.js";
import type { TaskSize } from "../../scaling/task-price.js";
import { type Typed, UsageError } from "../command-line.js";
import { pricesOf } from "../input-file.js";
import { budgetOf } from "./budget-option.js";
import { choiceOf } from "./choice.js";
import { fleetOptionsOf } from "./fleet-options.js";
import { LOAD_DEFAULTS } from "./line.js";
import { loadOf } from "./load-source.js";
import { loopOptionsOf } from "./loop-options.js";
import { policyOf } from "./policy-source.js";

/** One load, and one run for each policy that meets it. */
export interface Scenario {
  readonly load: Load;
  readonly seconds: number;
  readonly runs: readonly SimulationOptions[];
  readonly prices: Prices;
  readonly size: TaskSize;
  readonly spotShare: number;
  readonly fifo: boolean;
}

const YEAR_SECONDS = 366 * 86_400;

/** Messages up to which each is simulated by itself: a few seconds on one core. */
const SINGLY_MAX = 20_000_000;

/** In a comparison all runs together are to take a few seconds. */
const SINGLY_MAX_COMPARED = 4_000_000;

/** What the command line asks for. @throws UsageError or CommandError naming what can't be used. */
export async function scenarioOf(typed: Typed): Promise<Scenario> {
  const { load, seconds } = await loadAndLength(typed);
  const loop = loopOptionsOf(typed);
  const { agentTimes, agentVariation, slots, targetDelaySeconds } = loop;
  const { agentSeconds, startSeconds, spotShare, size } = fleetOptionsOf(typed);
  const services = typed.integer("services", 1, 10) ?? 1;
  const policy = await policyOf(typed, services);
  const compared = typed.flag("compare");
  const { minTasks, maxTasks } = policy;
  const peers = compared ? peerPolicies({ slots, agentSeconds, targetDelaySeconds, minTasks, maxTasks }) : [];
  const seed = typed.integer("seed", 0, 1_000_000) ?? 1;
  const options = {
    load: noisyLoad(load, typed.number("noise", 0, 5) ?? 0, seed),
    seconds,
    agentSeconds,
    agentTimes,
    agentVariation,
    slots,
    services,
    initialTasks: typed.integer("tasks", 0, 5000),
    ecs: {
      launchesPerMinute: loop.launchesPerMinute,
      startSeconds,
      startVariation: typed.number("start-spread", 0, 3) ?? 0,
      ...stopsOf(typed, agentSeconds),
      spotShare,
      spotLossPerHour: typed.number("spot-loss", 0, 1) ?? 0.05,
    },
    publisher: {
      intervalSeconds: 10,
      targetDelaySeconds,
      drainBacklogSeconds: loop.drainBacklogSeconds,
      agentTimeError: typed.number("agent-time-error", 0.01, 100) ?? 1,
      countNoise: typed.number("count-noise", 0, 1) ?? 0,
      missingShare: typed.number("missing", 0, 1) ?? 0,
      desiredLagSeconds: typed.integer("desired-lag", 0, 3600) ?? 0,
      leadSeconds: 1,
      jitterSeconds: typed.integer("publish-jitter", 0, 9) ?? 1,
    },
    budget: budgetOf(typed),
    metricDelaySeconds: loop.metricDelaySeconds,
    actionDelaySeconds: 1,
    grain: grainOf(typed, slots, messagesOf(load, seconds), compared ? SINGLY_MAX_COMPARED : SINGLY_MAX),
    seed,
  };
  return {
    load,
    seconds,
    runs: [policy, ...peers].map((each: ScalingDefinition) => ({ ...options, policy: each })),
    prices: await pricesOf(typed, PRICES),
    size,
    spotShare,
    fifo: typed.flag("fifo"),
  };
}

/** A trace or a diurnal curve once, everything else for half an hour. */
async function loadAndLength(typed: Typed): Promise<{ load: Load; seconds: number }> {
  const { load, seconds } = await loadOf(typed, LOAD_DEFAULTS);
  return { load, seconds: typed.integer("for", 1, YEAR_SECONDS) ?? seconds ?? 1800 };
}

function stopsOf(typed: Typed, agentSeconds: number): { drainSeconds: number; protection: Protection } {
  const drainSeconds = typed.integer("drain-seconds", 1, 115) ?? 110;
  const asked = choiceOf(typed, "protect", ["auto", "busy", "off"], "auto");
  const automatic = agentSeconds >= drainSeconds / 2 ? "busy" : "off";
  return { drainSeconds, protection: asked === "auto" ? automatic : asked };
}

function messagesOf(load: Load, seconds: number): number {
  let sum = 0;
  for (let second = 0; second < seconds; second++) sum += load.rateAt(second);
  return sum;
}

function grainOf(typed: Typed, slots: number, messages: number, singlyMax: number): number {
  const asked = typed.integer("group", 1, slots);
  if (asked !== undefined) {
    if (slots % asked === 0) return asked;
    throw new UsageError(`--group must divide --slots (${slots}), got "${asked}"`);
  }
  const divisors = Array.from({ length: slots }, (_, at) => at + 1).filter((divisor) => slots % divisor === 0);
  return divisors.find((divisor) => messages / divisor <= singlyMax) ?? slots;
}
