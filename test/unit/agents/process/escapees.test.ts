import { describe, expect, test } from "@jest/globals";
import { escapees } from "../../../../src/agents/process/escapees.js";
import type { ProcessEntry } from "../../../../src/agents/process/process-table.js";

const WORKER = 7;
/** The machine has run for 1,000 s; the worker began at 10 s of that, which is -90 s by its own clock. */
const UPTIME_MS = 1_000_000;
const NOW = 900_000;
const agoMs = (ms: number) => NOW - ms;

function entry(pid: number, more: Partial<ProcessEntry> & { agoMs?: number } = {}): ProcessEntry {
  const { agoMs: ago = 60_000, ...rest } = more;
  return {
    pid,
    parent: 1,
    group: pid,
    usedTicks: 0,
    startTicks: (UPTIME_MS - ago) / 10,
    residentPages: 1,
    zombie: false,
    ...rest,
  };
}

const named = (processes: ProcessEntry[], liveSince: number[] = []) =>
  escapees({
    processes: [entry(1, { parent: 0, agoMs: 990_100 }), entry(WORKER, { agoMs: 990_000 }), ...processes],
    uptimeMs: UPTIME_MS,
    now: NOW,
    worker: WORKER,
    liveSince,
  });

describe("Of a container's processes", () => {
  test("an orphan comes from a run that is over when no run lives", () => {
    expect(named([entry(50)])).toEqual([50]);
  });

  test("an orphan is left alone while a run lives that began before it", () => {
    expect(named([entry(50, { agoMs: 60_000 })], [agoMs(60_500), agoMs(1_000)])).toEqual([]);
  });

  test("an orphan is older than all that lives now: it comes from none of it", () => {
    expect(named([entry(50, { agoMs: 60_000 })], [agoMs(59_000), agoMs(1_000)])).toEqual([50]);
  });

  test("an orphan that began in the same moment as a run is left alone", () => {
    expect(named([entry(50, { agoMs: 60_000 })], [agoMs(59_950)])).toEqual([]);
  });

  test("neither the worker, nor the init, nor what was opened from outside, nor a child of anybody's is one", () => {
    const outside = entry(40, { parent: 0 });
    const child = entry(60, { parent: WORKER });
    const grandchild = entry(61, { parent: 60 });
    expect(named([outside, child, grandchild])).toEqual([]);
  });

  test("one that has ended and waits for the init isn't one", () => {
    expect(named([entry(50, { zombie: true })])).toEqual([]);
  });

  test("one that began before the worker isn't the worker's", () => {
    expect(named([entry(5, { agoMs: 995_000 })])).toEqual([]);
  });

  test("none is named where the worker itself isn't to be seen", () => {
    const look = { processes: [entry(50)], uptimeMs: UPTIME_MS, now: NOW, worker: WORKER, liveSince: [] };
    expect(escapees(look)).toEqual([]);
  });
});
