import { Defer, Reject, Retry } from "../../../src/pipeline/ports/outcome.js";
import { randomFrom } from "../random.js";
import type { Agents, Span } from "./climate.js";

/** What an agent is to do with a message: for how long, and how it ends; undefined ends well. */
export interface Job {
  readonly seconds: number;
  readonly error: Error | undefined;
}

const ID_OFFSET = 3_000_000;

/** What the messages of a fleet ask of its agents, which changes with the time. */
export class Work {
  readonly #agents: Agents;
  readonly #random: () => number;
  readonly #fates = new Map<string, number>();
  readonly #blessed = new Set<string>();

  constructor(agents: Agents, seed: number) {
    this.#agents = agents;
    this.#random = randomFrom(seed + ID_OFFSET);
  }

  /** This message is done at once, whatever happens. */
  bless(messageId: string): void {
    this.#blessed.add(messageId);
  }

  /** @param now seconds from the fleet's start. */
  job(messageId: string, now: number): Job {
    if (this.#blessed.has(messageId)) return { seconds: 0, error: undefined };
    const { seconds, slow } = this.#agents;
    const usual = seconds[0] + this.#random() * (seconds[1] - seconds[0]);
    return { seconds: isIn(slow, now) ? usual * slow.times : usual, error: this.#error(messageId, now) };
  }

  #error(messageId: string, now: number): Error | undefined {
    const { outage, poisonPercent, rejectPercent, deferPercent, failPercent } = this.#agents;
    if (isIn(outage, now)) return outageErrors[outage.end]();
    const fate = this.#fates.get(messageId) ?? this.#random() * 100;
    this.#fates.set(messageId, fate);
    if (fate < poisonPercent) return new Error("poison");
    if (fate < poisonPercent + rejectPercent) return new Reject("never");
    if (fate < poisonPercent + rejectPercent + deferPercent && this.#random() < 0.6) return new Defer(1, "busy");
    return this.#random() * 100 < failPercent ? new Error("failed") : undefined;
  }
}

const outageErrors = {
  throw: () => new Error("the dependency is out"),
  retry: () => new Retry(3, "the dependency is out"),
  defer: () => new Defer(2, "the dependency is out"),
};

const isIn = ({ from, to }: Span, now: number) => now >= from && now < to;
