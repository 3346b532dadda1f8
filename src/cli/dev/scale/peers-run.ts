import { peerPolicies } from "../../../scaling/peers.js";
import type { ScalingDefinition } from "../../../scaling/policy.js";
import { RecordedArrivals } from "../../../scaling/recorded-arrivals.js";
import { Simulation, type SimulationOptions } from "../../../scaling/simulator.js";

/** What another policy would have done so far with the messages that arrived. */
export interface PeerView {
  readonly policy: string;
  readonly tasks: number;
  readonly waiting: number;
  /** Of all that have started: nineteen of twenty waited no longer, seconds. */
  readonly waitP95: number;
  readonly taskHours: number;
}

export interface PeersRunParts {
  /** Of the fleet that is simulated; each peer's policy takes the place of the own one. */
  readonly options: Omit<SimulationOptions, "load" | "seconds" | "grain" | "seed">;
  /** Messages a second of the fleet's time, for what a simulation needs to know of its start. */
  readonly rateAt: (second: number) => number;
  readonly targetDelaySeconds: number;
}

/** More than any run lasts: a simulation that follows has no end. */
const ENDLESS_SECONDS = 366 * 86_400;

/**
 * The simulator beside the real fleet, second by second on the very arrivals: our own policy, so that one sees how true
 * it is, CDK's default and KEDA.
 */
export class PeersRun {
  readonly #runs: readonly {
    readonly simulation: Simulation;
    readonly arrivals: RecordedArrivals;
    readonly policy: string;
  }[];
  #second = 0;

  constructor({ options, rateAt, targetDelaySeconds }: PeersRunParts) {
    const { policy, slots, agentSeconds } = options;
    const { minTasks, maxTasks } = policy;
    const peers = peerPolicies({ slots, agentSeconds, targetDelaySeconds, minTasks, maxTasks });
    const compared = peers.filter(({ name }) => /^(CDK|KEDA)/.test(name));
    this.#runs = [{ ...policy, name: "simulated" } satisfies ScalingDefinition, ...compared].map((each) => {
      const arrivals = new RecordedArrivals();
      const load = { name: "recorded", rateAt };
      const whole = { ...options, policy: each, load, seconds: ENDLESS_SECONDS, grain: 1, seed: 1 };
      return { policy: each.name, arrivals, simulation: new Simulation(whole, arrivals) };
    });
  }

  /** A message arrived. @param second of the fleet's, not before the last one. */
  arrived(second: number): void {
    for (const { arrivals } of this.#runs) arrivals.record(second);
  }

  /** Follows up to `second`, before which nothing more arrives. */
  follow(second: number): void {
    for (; this.#second + 1 <= second; this.#second++) {
      for (const { simulation } of this.#runs) simulation.tick(this.#second);
    }
  }

  get views(): PeerView[] {
    return this.#runs.map(({ policy, simulation }) => ({
      policy,
      tasks: simulation.tasks.billed,
      waiting: simulation.waiting,
      waitP95: simulation.waitQuantile(0.95),
      taskHours: simulation.taskHours,
    }));
  }
}
