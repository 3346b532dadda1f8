import { randomFrom } from "../random.js";
import type { Climate } from "./climate.js";

/** What happens to a fleet. Whom it strikes is decided when it does. */
export type FleetEvent =
  /** Messages are sent, at once. */
  | { readonly kind: "send"; readonly count: number }
  | { readonly kind: "start" }
  /** The oldest task is told to stop; another has started if it was the last. */
  | { readonly kind: "stop" }
  /** A task is told to stop, and is gone two minutes later. */
  | { readonly kind: "spot" }
  /** A task is gone at once; another starts. */
  | { readonly kind: "kill" }
  | { readonly kind: "freeze"; readonly seconds: number }
  /** SQS shows a message that somebody holds (standard queues). */
  | { readonly kind: "show" }
  /** The next receive that brings something brings its first message twice. */
  | { readonly kind: "twice" };

export interface Scheduled {
  readonly at: number;
  readonly event: FleetEvent;
}

const ID_OFFSET = 7_000_000;

/** What happens when, in seconds from the start, sorted: a seed decides. */
export function scheduleOf({ seed, fifo, tasks, seconds }: Climate): Scheduled[] {
  const random = randomFrom(seed + ID_OFFSET);
  const between = (from: number, to: number) => from + random() * (to - from);
  const scheduled: Scheduled[] = [];
  const add = (at: number, event: FleetEvent) => scheduled.push({ at, event });
  const messages = Math.round(between(15, 50));
  const bursts = Math.round(between(1, 6));
  for (let burst = 0; burst < bursts; burst++) {
    add(burst === 0 ? 0.1 : between(0, seconds * 0.7), { kind: "send", count: Math.ceil(messages / bursts) });
  }
  const deploy = (from: number, gap: number) => {
    for (let task = 0; task < tasks; task++) {
      add(from + task * gap, { kind: "start" });
      add(from + task * gap + Math.min(1, gap / 2), { kind: "stop" });
    }
  };
  const troubles = Math.round(between(1, 5));
  for (let trouble = 0; trouble < troubles; trouble++) {
    const at = between(1, seconds);
    const kind = random();
    if (kind < 0.3) deploy(at, between(0.5, 10));
    else if (kind < 0.4) for (let row = 0; row < 4; row++) deploy(at + row * between(1, 6), 0.3);
    else if (kind < 0.5) add(at, { kind: "stop" });
    else if (kind < 0.6) add(at, { kind: "spot" });
    else if (kind < 0.72) add(at, { kind: "kill" });
    else if (kind < 0.85) add(at, { kind: "freeze", seconds: between(1, 90) });
    else if (kind < 0.95 && !fifo) add(at, { kind: "show" });
    else add(at, { kind: "twice" });
  }
  return scheduled.sort((a, b) => a.at - b.at);
}
