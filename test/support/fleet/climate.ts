import { randomFrom } from "../random.js";

/** A span of the clock, in seconds from the fleet's start. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What the agents of a fleet are like. */
export interface Agents {
  /** Between these, evenly. */
  readonly seconds: readonly [number, number];
  /** For a while everything takes so many times as long. */
  readonly slow: Span & { readonly times: number };
  /** For a while whatever they depend on is out, and they end so. */
  readonly outage: Span & { readonly end: "throw" | "retry" | "defer" };
  /** Of a hundred messages, how many fail always, are rejected, or make an agent defer now and then. */
  readonly poisonPercent: number;
  readonly rejectPercent: number;
  readonly deferPercent: number;
  /** Of a hundred runs of the other messages, how many fail. */
  readonly failPercent: number;
}

/** Everything about a fleet that holds for as long as it lives. */
export interface Climate {
  readonly seed: number;
  readonly fifo: boolean;
  readonly groups: number;
  readonly tasks: number;
  readonly slots: number;
  readonly visibilitySeconds: number;
  readonly maxReceiveCount: number;
  readonly shutdownSeconds: number;
  readonly pollSeconds: number;
  readonly maxMessages: number;
  readonly backoff: string | undefined;
  /** With a table of finished keys, which are the messages' ids. */
  readonly keys: boolean;
  readonly agents: Agents;
  readonly travelMs: number;
  /** Of a hundred answers of the queue, how many get lost. */
  readonly lostPercent: number;
  /** How long the fleet is in motion; then it is left alone until its queue is empty. */
  readonly seconds: number;
}

const NEVER: Span = { from: 0, to: 0 };

/** The climate that a seed decides: of everything that a user may set and an agent may do, some. */
export function climateOf(seed: number): Climate {
  const random = randomFrom(seed);
  const between = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)]!;
  const chance = (share: number) => random() < share;
  const span = (within: number): Span => {
    const from = between(5, within / 2);
    return { from, to: from + between(10, within / 2) };
  };
  const seconds = between(40, 150);
  const pollSeconds = pick([0, 1, 5, 20, 20]);
  const base = pick([0.005, 0.02, 0.02, 0.1, 0.5, 2, 8]);
  return {
    seed,
    fifo: seed % 2 === 0,
    groups: between(1, 8),
    tasks: between(2, 4),
    slots: pick([1, 2, 3, 5, 10, 20]),
    visibilitySeconds: pick([15, 15, 20, 30, 60, 120]),
    maxReceiveCount: between(1, 8),
    shutdownSeconds: Math.max(pollSeconds + 1, pick([10, 20, 30, 60, 110])),
    pollSeconds,
    maxMessages: pick([1, 5, 10, 10, 10]),
    backoff: pick([undefined, undefined, "1,5", "2,30"]),
    keys: chance(0.15),
    agents: {
      seconds: [base / 2, base * 2],
      slow: chance(0.4)
        ? { ...span(seconds), times: base < 0.1 ? pick([1_000, 1_000, 3_000]) : 20 }
        : { ...NEVER, times: 1 },
      outage: chance(0.3) ? { ...span(seconds), end: pick(["throw", "retry", "defer"]) } : { ...NEVER, end: "throw" },
      poisonPercent: pick([0, 0, 5, 15]),
      rejectPercent: pick([0, 0, 5]),
      deferPercent: pick([0, 0, 10, 40]),
      failPercent: pick([0, 0, 5, 20]),
    },
    travelMs: pick([0, 5, 5, 40]),
    lostPercent: pick([0, 0, 0, 1]),
    seconds,
  };
}
