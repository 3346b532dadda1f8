import { describe, expect, test } from "@jest/globals";
import { Arrivals } from "../../src/scaling/arrivals.js";
import { Fleet } from "../../src/scaling/fleet.js";
import { Random } from "../../src/scaling/random.js";
import { Work } from "../../src/scaling/work.js";

/** Erlang's C: the chance that a message has to wait, with `slots` slots and `offered` agents at once. */
function erlangC(slots: number, offered: number): number {
  let blocked = 1;
  for (let n = 1; n <= slots; n++) blocked = (offered * blocked) / (n + offered * blocked);
  return blocked / (1 - (offered / slots) * (1 - blocked));
}

/** Mean wait in M/M/c, in units of the agents' mean time. */
function waitExponential(slots: number, load: number): number {
  return erlangC(slots, slots * load) / (slots * (1 - load));
}

/**
 * Mean wait in M/D/c: Crommelin's exact sum over how many messages were there one agent's time ago, by iterating the
 * number in the system from one agent's time to the next.
 */
function waitConstant(slots: number, load: number): number {
  const offered = slots * load;
  const most = slots * 8 + 60;
  const arriving = [Math.exp(-offered)];
  for (let n = 1; n <= most; n++) arriving.push((arriving[n - 1]! * offered) / n);
  let chances: number[] = Array.from({ length: most + 1 }, (_, n) => Number(n === 0));
  for (let round = 0; round < 3000; round++) {
    const next = new Array<number>(most + 1).fill(0);
    // Whoever is served now is gone one agent's time later.
    const left = new Array<number>(most + 1).fill(0);
    for (let n = 0; n <= most; n++) left[Math.max(0, n - slots)]! += chances[n]!;
    for (let stay = 0; stay <= most; stay++) {
      if (left[stay]! < 1e-15) continue;
      for (let came = 0; stay + came <= most; came++) next[stay + came]! += left[stay]! * arriving[came]!;
    }
    const change = next.reduce((sum, chance, n) => sum + Math.abs(chance - chances[n]!), 0);
    chances = next;
    if (change < 1e-9) break;
  }
  const waiting = chances.reduce((sum, chance, n) => sum + Math.max(0, n - slots) * chance, 0);
  return waiting / offered;
}

/** Mean wait of simulated messages on a fleet that doesn't change, in units of the agents' mean time. */
function simulated(
  tasks: number,
  slotsPerTask: number,
  load: number,
  messages: number,
  agent: "exponential" | "constant",
) {
  const rate = tasks * slotsPerTask * load;
  const seconds = Math.ceil(messages / rate);
  const fleet = new Fleet(slotsPerTask, new Random(1));
  for (let n = 0; n < tasks; n++) fleet.run(fleet.launch());
  const agents = new Random(3);
  const arrivals = new Arrivals({ name: "constant", rateAt: () => rate }, new Random(2), 1, seconds);
  const work = new Work(fleet, arrivals, agent === "constant" ? () => 1 : () => agents.exponential(), 1e9);
  work.run(seconds + 1000);
  return { wait: work.waits.mean, started: work.waits.count, arrived: work.arrived };
}

describe("messages wait in the simulator as queueing theory says, within two per cent", () => {
  test("the theory's own formulas agree with tables", () => {
    // Erlang C of 10 slots at 80 %, and the mean waits of M/M/1 and M/D/1 at 80 %.
    expect(erlangC(10, 8)).toBeCloseTo(0.4092, 4);
    expect(waitExponential(1, 0.8)).toBeCloseTo(4, 6);
    expect(waitConstant(1, 0.8)).toBeCloseTo(2, 4);
  });

  test.each([
    [1, 5, 0.8],
    [4, 5, 0.85],
    [10, 10, 0.9],
  ])("M/M/c: %i tasks of %i slots, %d busy", (tasks, slots, load) => {
    const { wait, started, arrived } = simulated(tasks, slots, load, 5_000_000, "exponential");
    expect(started).toBe(arrived);
    expect(Math.abs(wait / waitExponential(tasks * slots, load) - 1)).toBeLessThan(0.02);
  });

  test.each([
    [1, 5, 0.8],
    [4, 5, 0.8],
  ])("M/D/c: %i tasks of %i slots, %d busy", (tasks, slots, load) => {
    const { wait } = simulated(tasks, slots, load, 5_000_000, "constant");
    expect(Math.abs(wait / waitConstant(tasks * slots, load) - 1)).toBeLessThan(0.02);
  });
});
