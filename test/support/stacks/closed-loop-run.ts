import { readFile } from "node:fs/promises";
import { Arrivals } from "../../../src/scaling/arrivals.js";
import type { Load } from "../../../src/scaling/load.js";
import { readScalingTemplate } from "../../../src/scaling/policy-file.js";
import { Random } from "../../../src/scaling/random.js";
import type { SimulationResult } from "../../../src/scaling/simulation-result.js";
import { simulateScaling } from "../../../src/scaling/simulator.js";
import { Waits } from "../../../src/scaling/waits.js";
import { CALM_FLEET } from "../calm-fleet.js";
import { ClosedLoop } from "./closed-loop.js";
import { sendAt } from "./load-sender.js";
import type { Finished } from "./records.js";
import type { ServiceBundle } from "./service-bundle.js";

const POLICY = "infra/scaling.yaml";

/** One service, and the rates that it meets. */
export interface LoopCase {
  /** CONCURRENCY of the service. */
  readonly slots: number;
  readonly agentSeconds: number;
  /** Messages a second in the second that begins `second` seconds after the start, from 0. */
  rateAt(second: number): number;
  readonly seconds: number;
}

/** What the service did, and what the simulator says that it does. */
export interface LoopRun {
  readonly ids: readonly string[];
  readonly loop: ClosedLoop;
  readonly finished: readonly Finished[];
  /** Real, from SentTimestamp to the start of the agent. */
  readonly waits: Waits;
  readonly predicted: SimulationResult;
  /** Seconds from the first order of tasks to the first agent in one of them; the simulator is told them. */
  readonly startSeconds: number;
  /** The second at which the load began; those of both records count from the same whole minute. */
  readonly offset: number;
}

/** AWS evaluates an alarm some seconds after its period. */
const ALARM_DELAY_SECONDS = 3;
const SEED = 1;

/**
 * Sends a load to a service of one task that the policy of `infra/scaling.yaml` scales, waits until all of it is
 * handled, and simulates the same: message by message the same arrivals, at the same place in the clock's minute.
 */
export async function runClosedLoop(bundle: ServiceBundle, shape: LoopCase): Promise<LoopRun> {
  const policy = readScalingTemplate(await readFile(POLICY, "utf8"), POLICY);
  // Periods of alarms begin with the minutes of the clock, and the simulator's with its start.
  const startedAt = Date.now();
  const baseMs = startedAt - (startedAt % 60_000);
  const offset = Math.ceil((startedAt - baseMs) / 1000);
  const seconds = offset + shape.seconds;
  const load = { name: "load", rateAt: (second: number) => (second < offset ? 0 : shape.rateAt(second - offset)) };

  const loop = new ClosedLoop(bundle, policy, baseMs, { tasks: 1, delaySeconds: ALARM_DELAY_SECONDS });
  const sending = async () => {
    try {
      const ids = await sendAt(bundle, momentsOf(load, seconds), baseMs, shape.agentSeconds * 1000);
      await bundle.settled(ids);
      return ids;
    } finally {
      loop.stop();
    }
  };
  const [ids] = await Promise.all([sending(), loop.run()]);

  const sent = new Set(ids);
  const finished = (await bundle.finished()).filter(({ id }) => sent.has(id));
  // Runs share the image's name on an engine, so that one of another checkout may have taken its place.
  const untimed = finished.filter(({ sentAt, startedAt }) => !(sentAt > 0 && startedAt > 0));
  if (untimed.length > 0) throw new Error(`${untimed.length} of ${finished.length} records tell no time`);
  const waits = new Waits();
  for (const { sentAt, startedAt } of finished) waits.add(Math.max(0, startedAt - sentAt) / 1000);
  const startSeconds = startOf(finished, loop, baseMs);
  const predicted = simulateScaling({
    ...CALM_FLEET,
    load,
    seconds,
    policy,
    agentSeconds: shape.agentSeconds,
    slots: shape.slots,
    initialTasks: 1,
    ecs: { ...CALM_FLEET.ecs, startSeconds },
    metricDelaySeconds: ALARM_DELAY_SECONDS,
    grain: 1,
    seed: SEED,
  });
  return { ids, loop, finished, waits, predicted, startSeconds, offset };
}

/** The very moments at which the simulator's messages arrive: it draws them from the second of its seed's sources. */
function momentsOf(load: Load, seconds: number): number[] {
  const arrivals = new Arrivals(load, new Random(SEED * 16 + 2), 1, seconds);
  const moments: number[] = [];
  for (; arrivals.next < seconds; arrivals.advance()) moments.push(arrivals.next);
  return moments;
}

function startOf(finished: readonly Finished[], { changes }: ClosedLoop, baseMs: number): number {
  if (changes.length === 0) return 0;
  const orderedAt = baseMs + changes[0]!.second * 1000;
  const old = new Set(finished.filter(({ startedAt }) => startedAt < orderedAt).map(({ host }) => host));
  const inNew = finished.filter(({ host }) => !old.has(host)).map(({ startedAt }) => startedAt);
  return inNew.length === 0 ? 0 : Math.round((Math.min(...inNew) - orderedAt) / 1000);
}
