import { Writable } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import { createLogger } from "../../../src/observe/log.js";
import { LogOutput } from "../../../src/observe/log-output.js";
import { Observatory } from "../../../src/observe/observatory.js";
import type { WorkerStatus } from "../../../src/pipeline/ports/status.js";
import { FakeClock } from "../../support/fake-clock.js";

const delivery = { messageId: "m-1", receiveCount: 1 };
const running: WorkerStatus = {
  state: "running",
  slots: 10,
  busy: 0,
  buffered: 0,
  openPolls: 1,
  settling: 0,
  meanAgentSeconds: 0,
  lastReceiveOkAt: undefined,
};

function setup() {
  let text = "";
  const output = new LogOutput(
    new Writable({
      write(chunk, _encoding, done) {
        text += chunk;
        done();
      },
    }),
  );
  const clock = new FakeClock();
  let status = running;
  const observatory = new Observatory({
    queueName: "tasks",
    status: () => status,
    clock,
    logger: createLogger({ level: "info", output }),
  });
  const summaries = () => {
    output.flush();
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line))
      .filter(({ msg }) => msg === "summary");
  };
  const handle = (outcome: "done" | "retry", agentMs: number) => {
    observatory.telemetry({ kind: "started", delivery, inQueueMs: 32, bufferedMs: 0 });
    observatory.telemetry({ kind: "ended", delivery, outcome, agentMs });
    observatory.telemetry({ kind: "settled", delivery, outcome, agentMs, certain: true });
  };
  return {
    observatory,
    clock,
    summaries,
    handle,
    be: (change: Partial<WorkerStatus>) => (status = { ...status, ...change }),
  };
}

describe("the summary line", () => {
  test("comes every ten seconds with what happened in them", async () => {
    const { observatory, clock, summaries, handle, be } = setup();
    observatory.start();
    for (let each = 0; each < 30; each++) handle("done", 1_000);
    be({ busy: 4 });
    await clock.advance(10_000);
    for (let each = 0; each < 5; each++) handle("retry", 8);
    await clock.advance(10_000);
    expect(summaries()).toEqual([
      expect.objectContaining({
        level: "info",
        state: "running",
        slots: 10,
        busy: 4,
        handled: 30,
        perSecond: 3,
        outcomes: { done: 30 },
        inQueueMs: { p50: 32, p99: 32 },
        agentMs: { p50: 1_000, p99: 1_000 },
      }),
      expect.objectContaining({ handled: 5, perSecond: 0.5, outcomes: { retry: 5 }, agentMs: { p50: 8, p99: 8 } }),
    ]);
    await observatory.stop();
  });

  test("doesn't come when nothing happened", async () => {
    const { observatory, clock, summaries, handle } = setup();
    observatory.start();
    await clock.advance(600_000);
    expect(summaries()).toEqual([]);
    handle("done", 5);
    await clock.advance(10_000);
    expect(summaries()).toEqual([expect.objectContaining({ handled: 1, perSecond: 0.1 })]);
    await observatory.stop();
  });

  test("comes when the worker holds other messages than before, and when something went wrong", async () => {
    const { observatory, clock, summaries, be } = setup();
    observatory.start();
    await clock.advance(10_000);
    be({ busy: 3 });
    await clock.advance(10_000);
    observatory.telemetry({ kind: "settleFailed", operation: "delete", count: 3, error: new Error("throttled") });
    await clock.advance(10_000);
    expect(summaries().slice(-2)).toEqual([
      expect.objectContaining({ busy: 3, handled: 0 }),
      expect.objectContaining({ settleErrors: 3 }),
    ]);
    await observatory.stop();
  });

  test("tells how many lines were left out in a storm", async () => {
    const { observatory, clock, summaries, handle } = setup();
    observatory.start();
    for (let each = 0; each < 250; each++) handle("retry", 1);
    await clock.advance(10_000);
    expect(summaries()[0]).toMatchObject({ handled: 250, lostLines: 150 });
    await observatory.stop();
  });

  test("tells the rest at the stop, and no timer is left", async () => {
    const { observatory, clock, summaries, handle } = setup();
    observatory.start();
    observatory.start();
    handle("done", 5);
    await observatory.stop();
    await observatory.stop();
    expect(summaries()).toHaveLength(1);
    expect(clock.timers).toBe(0);
  });
});
