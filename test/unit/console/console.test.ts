import { request } from "node:http";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Console } from "../../../src/console/console.js";
import type { ConsoleState, QueueCounts } from "../../../src/console/console-state.js";
import { HealthServer } from "../../../src/console/health-server.js";
import { Counters } from "../../../src/observe/counters.js";
import type { WorkerStatus } from "../../../src/pipeline/ports/status.js";
import { FakeClock } from "../../support/fake-clock.js";

const opened: { stop(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.stop();
});

const delivery = { messageId: "m-1", receiveCount: 1 };
const STATUS: WorkerStatus = {
  state: "running",
  slots: 4,
  busy: 3,
  buffered: 2,
  openPolls: 1,
  settling: 0,
  meanAgentSeconds: 2,
  lastReceiveOkAt: 5,
};

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

interface Setup {
  readonly counts?: () => Promise<QueueCounts>;
  readonly onlyWhileWatched?: boolean;
  readonly host?: string;
}

function setup({ counts, onlyWhileWatched = false, ...options }: Setup = {}) {
  const clock = new FakeClock();
  const figures = new Counters(clock);
  const page = new Console({
    queueName: "tasks",
    host: "127.0.0.1",
    status: () => STATUS,
    figures,
    clock,
    ...(counts && { counts: { ask: counts, onlyWhileWatched } }),
    ...options,
  });
  opened.push(page);
  return { clock, figures, page };
}

async function served(page: ReturnType<typeof setup>["page"], clock: FakeClock) {
  const server = new HealthServer({
    host: "127.0.0.1",
    port: 0,
    status: () => STATUS,
    pulse: { receiveTrouble: undefined, copyTrouble: undefined, lastReceiveAt: undefined, handled: 0, hungAgents: 0 },
    metrics: async () => "",
    clock,
    telemetry: () => {},
    routes: page.routes,
  });
  opened.push(server);
  const { port } = (await server.start())!;
  // Not by fetch, which sends no Host but its own.
  return (path: string, { method = "GET", host }: { method?: string; host?: string } = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const headers = host === undefined ? {} : { host };
      request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode!, text, headers: response.headers }));
      })
        .on("error", reject)
        .end();
    });
}

describe("Console", () => {
  test("tells what the worker does and leaves out what isn't known", () => {
    const { page } = setup();
    const state = page.state();
    expect(state).toMatchObject({ queueName: "tasks", worker: { state: "running", busy: 3, slots: 4 }, handled: 0 });
    for (const unknown of ["queue", "inQueueMs", "agentMs", "receiveTrouble", "breaker"]) {
      expect(state).not.toHaveProperty(unknown);
    }
  });

  test("tells rate, times, outcomes and curves after some work", async () => {
    const { page, figures, clock } = setup();
    page.start();
    for (let second = 0; second < 5; second++) {
      for (let n = 0; n < 10; n++) {
        figures.record({ kind: "started", delivery, inQueueMs: 40, bufferedMs: 0 });
        figures.record({ kind: "ended", delivery, outcome: "done", agentMs: 200 });
        figures.record({ kind: "settled", delivery, outcome: "done", agentMs: 200, certain: true });
      }
      await clock.advance(1_000);
    }
    const state = page.state();
    expect(state.handledPerSecond).toBe(10);
    expect(state.totals.settled.done).toBe(50);
    expect(state.inQueueMs!.p50).toBeCloseTo(40);
    expect(state.agentMs!.p99).toBeCloseTo(200);
    expect(state.history.handledPerSecond).toEqual([0, 10, 10, 10, 10, 10]);
    expect(state.history.waiting).toEqual([2, 2, 2, 2, 2, 2]);
  });

  test("tells that the breaker is open, and no more when it is closed", () => {
    const { page } = setup();
    page.record({ kind: "breaker", open: true, failures: 40, of: 50 });
    expect(page.state().breaker).toEqual({ failures: 40, of: 50 });
    page.record({ kind: "breaker", open: false, failures: 0, of: 50 });
    expect(page.state()).not.toHaveProperty("breaker");
  });

  test("tells for how long nothing could be received", async () => {
    const { page, figures, clock } = setup();
    const trouble = { cause: "ECONNREFUSED", error: new Error("refused"), failures: 1, retryInMs: 1, changed: true };
    figures.record({ kind: "receiveFailed", ...trouble });
    await clock.advance(7_000);
    expect(page.state().receiveTrouble).toEqual({ cause: "ECONNREFUSED", seconds: 7 });
  });

  test("asks for the queue's counts once a second, and never again before it has an answer", async () => {
    let asked = 0;
    let answer = (_: QueueCounts) => {};
    const counts = () => {
      asked++;
      return new Promise<QueueCounts>((resolve) => {
        answer = resolve;
      });
    };
    const { page, clock } = setup({ counts });
    page.start();
    await clock.advance(5_000);
    expect(asked).toBe(1);
    answer({ waiting: 12, deadLetters: 3 });
    await clock.advance(1_000);
    expect(asked).toBe(2);
    expect(page.state().queue).toEqual({ waiting: 12, deadLetters: 3 });
    expect(page.state().history.waiting).toEqual([null, null, null, null, null, null, 14]);
  });

  test("doesn't show old counts when they can't be had any more", async () => {
    let fails = false;
    const { page, clock } = setup({
      counts: async () => {
        if (fails) throw new Error("no queue");
        return { waiting: 1 };
      },
    });
    page.start();
    await clock.advance(1_000);
    expect(page.state().queue).toEqual({ waiting: 1 });
    fails = true;
    await clock.advance(1_000);
    expect(page.state()).not.toHaveProperty("queue");
  });

  test("asks a queue that is paid for only while somebody looks, and once in five seconds", async () => {
    let asked = 0;
    const counts = async () => ({ waiting: ++asked });
    const { page, clock } = setup({ counts, onlyWhileWatched: true });
    const get = await served(page, clock);
    page.start();
    await clock.advance(60_000);
    await get("/metrics");
    await clock.advance(5_000);
    expect(asked).toBe(0);
    const looksFor = async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        await get("/console/state");
        await clock.advance(1_000);
      }
    };
    await looksFor(2);
    expect(page.state().queue).toEqual({ waiting: 1 });
    await looksFor(9);
    expect(asked).toBe(3);
    await clock.advance(60_000);
    expect(asked).toBe(3);
    expect(page.state()).not.toHaveProperty("queue");
  });

  test("leaves no timer when it is stopped, and bears to be stopped and started twice", () => {
    const { page, clock } = setup();
    page.stop();
    page.start();
    page.start();
    expect(clock.timers).toBe(1);
    page.stop();
    page.stop();
    expect(clock.timers).toBe(0);
  });
});

describe("the console's paths", () => {
  test("serve the page under a policy that lets nothing else run or be asked", async () => {
    const { page, clock } = setup();
    const get = await served(page, clock);
    const { status, text, headers } = await get("/");
    expect([status, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(text).toMatch(/^<!doctype html>/);
    const policy = headers["content-security-policy"];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
  });

  test("serve the state as data that only pages of this origin can read", async () => {
    const { page, clock } = setup();
    const get = await served(page, clock);
    const { status, text, headers } = await get("/console/state");
    expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
    });
    expect(headers).not.toHaveProperty("access-control-allow-origin");
    expect((JSON.parse(text) as ConsoleState).worker.busy).toBe(3);
  });

  test.each(["/", "/console/state"])("refuse %s to a page whose name was made to point here", async (path) => {
    const { page, clock } = setup();
    const get = await served(page, clock);
    const { status, text } = await get(path, { host: "evil.example:8080" });
    expect(status).toBe(421);
    expect(text).not.toContain("tasks");
    expect((await get(path, { host: "localhost:8080" })).status).toBe(200);
    expect((await get("/livez", { host: "evil.example:8080" })).status).toBe(200);
  });

  test.each(["POST", "PUT", "DELETE"])("take no %s", async (method) => {
    const { page, clock } = setup();
    const get = await served(page, clock);
    expect((await get("/console/state", { method })).status).toBe(405);
    expect((await get("/", { method })).status).toBe(405);
  });
});
