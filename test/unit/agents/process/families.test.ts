import { expect, test } from "@jest/globals";
import { familiesOf } from "../../../../src/agents/process/families.js";

const entry = (pid: number, parent: number, group: number) => ({
  pid,
  parent,
  group,
  usedTicks: 0,
  startTicks: 0,
  residentPages: 0,
  zombie: false,
});

test("a leader's processes are those of its group, and what they started in whatever group", () => {
  const worker = entry(10, 1, 1);
  const processes = [
    worker,
    entry(20, 10, 20),
    entry(21, 20, 20),
    // Left the group by setsid, and so did its child.
    entry(22, 21, 22),
    entry(23, 22, 23),
    // In the group, though its parent has ended.
    entry(24, 1, 20),
    // Left the group and lost its parent.
    entry(25, 1, 25),
    entry(30, 10, 30),
    entry(31, 30, 31),
  ];
  const families = familiesOf(processes, new Set([20, 30]));
  const pids = (leader: number) => families.get(leader)?.map(({ pid }) => pid);
  expect(pids(20)).toEqual([20, 21, 22, 23, 24]);
  expect(pids(30)).toEqual([30, 31]);
});

test("a circle, as processes that change while they are read may show, belongs to nobody", () => {
  const families = familiesOf([entry(2, 3, 2), entry(3, 2, 3)], new Set([9]));
  expect(families.get(9)).toBeUndefined();
  expect(families.get(undefined)).toHaveLength(2);
});
