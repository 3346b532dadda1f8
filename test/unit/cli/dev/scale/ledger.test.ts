import { describe, expect, test } from "@jest/globals";
import { EquationWatch } from "../../../../../src/cli/dev/scale/equation-watch.js";
import { Freezes } from "../../../../../src/cli/dev/scale/freezes.js";
import { Ledger } from "../../../../../src/cli/dev/scale/ledger.js";
import type { QueueLook } from "../../../../../src/cli/dev/scale/queue-look.js";

const look = (places: Partial<QueueLook> = {}): QueueLook => ({
  visible: [],
  delayed: [],
  inFlight: [],
  dead: [],
  ...places,
});

function ledgerOf(sent: number, frozen?: (task: number, from: number, until: number) => boolean): Ledger {
  const ledger = new Ledger(frozen);
  for (let n = 1; n <= sent; n++) ledger.sent(n);
  return ledger;
}

const run = (ledger: Ledger, task: number, n: number, [from, until]: readonly [number, number], kind = "done") => {
  ledger.mark(task, { kind: "started", n, wallMs: from });
  ledger.mark(task, { kind: kind as "done" | "failed", n, wallMs: until });
};

describe("The equation", () => {
  test("counts each message in one place", () => {
    const ledger = ledgerOf(6);
    for (const n of [1, 2, 3]) run(ledger, 1, n, [0, 10]);
    const { missingNumbers, ...equation } = ledger.equation(
      look({ visible: [4], inFlight: [3], delayed: [5], dead: [6] }),
    );
    // The third is done and not deleted yet.
    expect(equation).toEqual({ sent: 6, done: 2, dead: 1, there: 3, missing: 0 });
    expect(missingNumbers).toEqual([]);
  });

  test("counts a message once that is copied to the dead letters and not yet deleted, and one that is dead twice", () => {
    const ledger = ledgerOf(2);
    expect(ledger.equation(look({ inFlight: [1], dead: [1, 2, 2] }))).toMatchObject({ dead: 2, there: 0, missing: 0 });
  });

  test("misses a message that is gone without a success, a failure being none", () => {
    const ledger = ledgerOf(3);
    run(ledger, 1, 1, [0, 10]);
    run(ledger, 1, 2, [0, 10], "failed");
    expect(ledger.equation(look())).toMatchObject({ sent: 3, done: 1, missing: 2, missingNumbers: [2, 3] });
  });

  test("leaves out what was sent after the look began, and counts an unsure one once it is seen", () => {
    const ledger = ledgerOf(3);
    ledger.sent(4, true);
    expect(ledger.equation(look(), 2)).toMatchObject({ sent: 2 });
    expect(ledger.equation(look({ visible: [1, 2, 3] }))).toMatchObject({ sent: 3, missing: 0 });
    expect(ledger.equation(look({ visible: [1, 2, 3, 4] }))).toMatchObject({ sent: 4, there: 4 });
    expect(ledger.equation(look({ visible: [1, 2, 3] }))).toMatchObject({ sent: 4, missing: 1 });
  });

  test("tells successes beyond the first apart", () => {
    const ledger = ledgerOf(1);
    run(ledger, 1, 1, [0, 10]);
    run(ledger, 2, 1, [20, 30]);
    expect([ledger.done, ledger.doneAgain]).toEqual([1, 1]);
  });

  test("is broken by what stays missing, and not by a success that is on its way", () => {
    const ledger = ledgerOf(2);
    const watch = new EquationWatch(ledger);
    expect(watch.judge(look(), 2)).toMatchObject({ missing: 2, holds: true });
    run(ledger, 1, 1, [0, 10]);
    for (let again = 0; again < 5; again++) expect(watch.judge(look(), 2).holds).toBe(true);
    expect(watch.judge(look(), 2)).toMatchObject({ missing: 1, lost: 1, holds: false });
    // What was lost once isn't found by turning up later: something was wrong.
    expect(watch.judge(look({ visible: [2] }), 2)).toMatchObject({ missing: 0, holds: false });
  });
});

describe("Overlaps", () => {
  test("are runs of one message at the same moment, by their marks and not by the order in which these are read", () => {
    const ledger = ledgerOf(3);
    run(ledger, 1, 1, [0, 10]);
    run(ledger, 2, 1, [10, 20]);
    expect(ledger.overlaps.count).toBe(0);
    run(ledger, 3, 1, [5, 8]);
    expect(ledger.overlaps.count).toBe(1);
    ledger.mark(1, { kind: "started", n: 2, wallMs: 0 });
    ledger.mark(2, { kind: "started", n: 2, wallMs: 5 });
    ledger.mark(2, { kind: "done", n: 2, wallMs: 9 });
    expect(ledger.overlaps.count).toBe(1);
    ledger.mark(1, { kind: "done", n: 2, wallMs: 12 });
    expect(ledger.overlaps.count).toBe(2);
  });

  test("end with their task's process", () => {
    const ledger = ledgerOf(1);
    ledger.mark(1, { kind: "started", n: 1, wallMs: 0 });
    ledger.overlaps.taskEnded(1, 50);
    run(ledger, 2, 1, [50, 60]);
    expect([ledger.overlaps.count, ledger.overlaps.running]).toEqual([0, 0]);
  });

  test("are excused where one of the two was frozen for longer than its lease can last", () => {
    const freezes = new Freezes(60);
    freezes.begin(1, 10);
    freezes.end(1, 100);
    freezes.begin(2, 10);
    freezes.end(2, 50);
    const ledger = ledgerOf(2, (task, from, until) => freezes.pastLease(task, from, until));
    run(ledger, 1, 1, [0, 110]);
    run(ledger, 3, 1, [80, 90]);
    expect([ledger.overlaps.count, ledger.overlaps.excused]).toEqual([0, 1]);
    run(ledger, 2, 2, [0, 60]);
    run(ledger, 3, 2, [40, 50]);
    expect([ledger.overlaps.count, ledger.overlaps.excused]).toEqual([1, 1]);
  });

  test("are forgotten when nothing can overlap them any more, and those that run are not", () => {
    const ledger = ledgerOf(2);
    run(ledger, 1, 1, [0, 10]);
    ledger.mark(1, { kind: "started", n: 2, wallMs: 0 });
    ledger.overlaps.forget(1_000_000);
    ledger.mark(2, { kind: "started", n: 2, wallMs: 999_000 });
    ledger.mark(2, { kind: "done", n: 2, wallMs: 999_500 });
    ledger.overlaps.taskEnded(1, 1_000_000);
    expect(ledger.overlaps.count).toBe(1);
  });
});
