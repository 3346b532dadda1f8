import { describe, expect, test } from "@jest/globals";
import { FakeClock } from "../../../support/fake-clock.js";
import { Gate } from "../../../support/fleet/gate.js";
import { TaskClock } from "../../../support/fleet/task-clock.js";

function setup() {
  const clock = new FakeClock();
  const gate = new Gate();
  const own = new TaskClock(clock, gate);
  const seen: string[] = [];
  return { clock, gate, own, seen, see: (what: string) => () => void seen.push(`${what} ${clock.monotonic()}`) };
}

describe("the timers of a simulated process", () => {
  test("fire in time while it runs", async () => {
    const { clock, own, seen, see } = setup();
    own.setTimer(see("a"), 500);
    await clock.advance(1_000);
    expect(seen).toEqual(["a 1500"]);
  });

  test("that fall due while it is frozen fire when it thaws, unless one before has cleared them", async () => {
    const { clock, gate, own, seen, see } = setup();
    gate.freeze();
    own.setTimer(() => own.clearTimer(later), 100);
    own.setTimer(see("a"), 200);
    const later = own.setTimer(see("b"), 300);
    own.setTimer(see("c"), 5_000);
    await clock.advance(1_000);
    expect(seen).toEqual([]);
    await gate.thaw("timer");
    expect(seen).toEqual(["a 2000"]);
    await clock.advance(10_000);
    expect(seen).toEqual(["a 2000", "c 6000"]);
  });

  test("never fire once it was killed, also frozen", async () => {
    const { clock, gate, own, seen, see } = setup();
    own.setTimer(see("a"), 100);
    gate.freeze();
    await clock.advance(1_000);
    gate.kill();
    await gate.thaw("timer");
    own.setTimer(see("b"), 100);
    await clock.advance(1_000);
    expect(seen).toEqual([]);
  });
});

test("what a frozen process missed comes in by either way first", async () => {
  for (const [first, order] of [
    ["timer", ["timer", "answer"]],
    ["answer", ["answer", "timer"]],
  ] as const) {
    const gate = new Gate();
    const seen: string[] = [];
    gate.freeze();
    gate.pass("answer", () => seen.push("answer"));
    gate.pass("timer", () => seen.push("timer"));
    await gate.thaw(first);
    expect(seen).toEqual(order);
  }
});
