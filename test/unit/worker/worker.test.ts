import { describe, expect, test } from "@jest/globals";
import { sleep } from "../../../src/pipeline/ports/clock.js";
import type { Handler } from "../../../src/pipeline/ports/handler.js";
import { Defer, Reject, Retry } from "../../../src/pipeline/ports/outcome.js";
import { QueueError } from "../../../src/pipeline/ports/queue.js";
import { eventually } from "../../support/eventually.js";
import { workerBundle } from "../../support/worker-bundle.js";

/** An agent that ends when told to, by message body. */
function manualAgent() {
  const ends = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>();
  const started: string[] = [];
  const agent = (message: { raw: string }) => {
    started.push(message.raw);
    return new Promise<void>((resolve, reject) => ends.set(message.raw, { resolve, reject }));
  };
  return {
    agent,
    started,
    end: (body: string) => ends.get(body)!.resolve(),
    fail: (body: string, error: unknown) => ends.get(body)!.reject(error),
  };
}

describe("a worker", () => {
  test("hands each message to the agent once and deletes it", async () => {
    const seen: unknown[] = [];
    const { clock, queue, start, stopped, of } = workerBundle({ agent: (message) => void seen.push(message.body) });
    for (let n = 0; n < 25; n++) queue.send(JSON.stringify({ n }));
    void start();
    await clock.advance(1_000);
    expect(seen).toHaveLength(25);
    expect(queue.deleted).toHaveLength(25);
    expect(of("settled").every(({ outcome, certain }) => outcome === "done" && certain)).toBe(true);
    expect((await stopped()).exitCode).toBe(0);
    expect(clock.timers).toBe(0);
  });

  test("costs one open long poll while the queue is empty", async () => {
    const { clock, queue, start, stopped } = workerBundle();
    void start();
    for (let second = 0; second < 100; second++) {
      await clock.advance(1_000);
      expect(queue.openPolls).toBe(1);
    }
    expect(queue.calls.filter(({ operation }) => operation === "receive").length).toBeLessThanOrEqual(6);
    await stopped();
  });

  test("never runs more agents than it has slots, and takes the next message when one ends", async () => {
    const { agent, started, end } = manualAgent();
    const { clock, queue, start, stopped, worker } = workerBundle({ agent, env: { CONCURRENCY: "2" } });
    for (const body of ["a", "b", "c"]) queue.send(body);
    void start();
    await clock.advance(100);
    expect(started).toEqual(["a", "b"]);
    expect(worker.status().busy).toBe(2);
    end("b");
    await clock.advance(100);
    expect(started).toEqual(["a", "b", "c"]);
    end("a");
    end("c");
    expect((await stopped()).exitCode).toBe(0);
  });

  test("keeps a message hidden for as long as its agent runs", async () => {
    const { agent, started, end } = manualAgent();
    const { clock, queue, start, stopped } = workerBundle({
      agent,
      env: { VISIBILITY_TIMEOUT: "15", HANDLER_TIMEOUT_SECONDS: "3600" },
    });
    queue.send("long");
    void start();
    await clock.advance(600_000);
    expect(started).toEqual(["long"]);
    expect(queue.visible()).toBe(0);
    end("long");
    await clock.advance(100);
    expect(queue.deleted).toHaveLength(1);
    await stopped();
  });

  test("aborts the agent before its message can be seen again when leases can't be extended, and leaves the message alone", async () => {
    let abortedAt: number | undefined;
    const bundle = workerBundle({
      agent: (_message, context) =>
        new Promise<void>((resolve) =>
          context.signal.addEventListener("abort", () => {
            abortedAt = bundle.clock.monotonic();
            resolve();
          }),
        ),
      env: { VISIBILITY_TIMEOUT: "15" },
    });
    const { clock, queue, start, stopped, of } = bundle;
    queue.send("x");
    void start();
    await clock.advance(100);
    const receivedAt = clock.monotonic();
    for (let n = 0; n < 100; n++) queue.failNext("changeVisibility", new QueueError("unreachable", "down"));
    await clock.advance(20_000);
    expect(abortedAt).toBeDefined();
    expect(abortedAt! - receivedAt).toBeLessThan(15_000);
    expect(of("settled")[0]).toMatchObject({ outcome: "leaseLost" });
    expect(queue.deleted).toHaveLength(0);
    await stopped();
  });

  test("gives a failed message back when its visibility timeout ends, and moves it to the dead letters after its receives", async () => {
    const { clock, queue, start, stopped } = workerBundle({
      agent: () => {
        throw new Error("no");
      },
      env: { VISIBILITY_TIMEOUT: "15" },
      queue: { maxReceiveCount: 3 },
    });
    queue.send("poison");
    void start();
    await clock.advance(120_000);
    expect(queue.deadLetters).toHaveLength(1);
    expect(queue.deleted).toHaveLength(0);
    await stopped();
  });

  test("carries out every verb of the agent", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({
      agent: ({ raw, receiveCount }) => {
        if (raw === "reject") throw new Reject("not ours");
        if (raw === "retry" && receiveCount === 1) throw new Retry(40);
      },
    });
    queue.send("reject");
    queue.send("retry");
    void start();
    await clock.advance(1_000);
    expect(queue.deadLetters).toMatchObject([{ body: "reject" }]);
    await clock.advance(30_000);
    expect(queue.deleted.map(({ body }) => body)).toEqual(["reject"]);
    await clock.advance(30_000);
    expect(queue.deleted.map(({ body }) => body)).toEqual(["reject", "retry"]);
    expect(
      of("settled")
        .map(({ outcome }) => outcome)
        .sort(),
    ).toEqual(["done", "reject", "retry"]);
    await stopped();
  });

  test("brings a deferred message back without spending a receive", async () => {
    const counts: number[] = [];
    const { clock, queue, start, stopped } = workerBundle({
      agent: ({ receiveCount }) => {
        counts.push(receiveCount);
        if (counts.length < 8) throw new Defer(60, "the database is down");
      },
      env: { VISIBILITY_TIMEOUT: "30" },
      queue: { maxReceiveCount: 3 },
    });
    queue.send("x");
    void start();
    await clock.advance(600_000);
    expect(counts).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(queue.deleted).toHaveLength(1);
    await stopped();
  });

  test("lets a deferred message that comes back wait for a slot like any other", async () => {
    const runs: string[] = [];
    const bundle = workerBundle({
      agent: async ({ id }) => {
        runs.push(id);
        if (id === "early" && runs.length === 1) throw new Defer(20);
        if (id === "long") await sleep(bundle.clock, 25_000);
      },
      env: { CONCURRENCY: "1" },
    });
    const { queue, clock, of, start, stopped } = bundle;
    void start();
    queue.send("x", { id: "early" });
    await clock.advance(1_000);
    queue.send("x", { id: "long" });
    await clock.advance(30_000);
    expect(runs).toEqual(["early", "long", "early"]);
    expect(of("released")).toEqual([]);
    expect(of("settled").map(({ delivery, outcome }) => [delivery.messageId, delivery.receiveCount, outcome])).toEqual([
      ["long", 1, "done"],
      ["early", 1, "done"],
    ]);
    await stopped();
  });

  test("retries a rejected message instead of deleting it where there is no dead-letter queue", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({
      agent: () => {
        throw new Reject("bad");
      },
      queue: { deadLetterQueue: false },
    });
    queue.send("x");
    void start();
    await clock.advance(1_000);
    expect(of("settled")).toMatchObject([{ outcome: "retry" }]);
    expect(of("warning")).toHaveLength(1);
    expect(queue.deleted).toHaveLength(0);
    await stopped();
  });

  test("aborts an agent at its timeout and retries the message", async () => {
    const reasons: unknown[] = [];
    const { clock, queue, start, stopped, of } = workerBundle({
      agent: (_message, { signal }) =>
        new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => {
            reasons.push(signal.reason.cause);
            resolve();
          }),
        ),
      env: { HANDLER_TIMEOUT_SECONDS: "5" },
    });
    queue.send("x");
    void start();
    await clock.advance(6_000);
    expect(reasons).toEqual(["timeout"]);
    expect(of("settled")).toMatchObject([{ outcome: "retry" }]);
    expect(queue.deleted).toHaveLength(0);
    await stopped();
  });

  test("counts a success that came after the timeout from an agent that never looked at its signal", async () => {
    const { agent, end } = manualAgent();
    const { clock, queue, start, stopped, worker } = workerBundle({ agent, env: { HANDLER_TIMEOUT_SECONDS: "5" } });
    queue.send("slow");
    void start();
    await clock.advance(20_000);
    expect(worker.status().busy).toBe(1);
    end("slow");
    await clock.advance(100);
    expect(queue.deleted).toHaveLength(1);
    await stopped();
  });
});

describe("an agent with a role", () => {
  test("gets credentials of its own role, in a session of its own for each message", async () => {
    let closed = 0;
    const seen: string[] = [];
    const { clock, queue, start, stopped } = workerBundle({
      agent: async (_message, { credentials }) => {
        const { accessKeyId } = await credentials!();
        seen.push(accessKeyId);
      },
      agentRole: {
        credentialsFor: async (messageId) => ({
          accessKeyId: `key of ${messageId}`,
          secretAccessKey: "secret",
          sessionToken: "token",
          expiration: new Date(Date.now() + 3_600_000),
        }),
        close: () => void closed++,
      },
    });
    const ids = [queue.send("a"), queue.send("b")];
    void start();
    await clock.advance(1_000);
    await stopped();
    expect(seen.sort()).toEqual(ids.map((id) => `key of ${id}`).sort());
    expect(closed).toBe(1);
  });
});

describe("LOG_BODIES", () => {
  test.each([
    ["true", "secret body"],
    ["false", undefined],
  ])("when %s decides whether facts carry the body", async (LOG_BODIES, body) => {
    const { clock, queue, start, stopped, of } = workerBundle({ env: { LOG_BODIES } });
    queue.send("secret body");
    void start();
    await clock.advance(1_000);
    expect(of("settled")[0]!.delivery.body).toBe(body);
    await stopped();
  });
});

describe("a dead-letter copy", () => {
  const rejecting = () =>
    workerBundle({
      agent: () => {
        throw new Reject("bad");
      },
      env: { VISIBILITY_TIMEOUT: "15" },
    });

  test("that fails is tried again, and the message is deleted only after it", async () => {
    const { clock, queue, start, stopped, of } = rejecting();
    queue.failNext("copyToDeadLetters", new QueueError("throttled", "slow down"), 3);
    queue.send("x");
    void start();
    await clock.advance(30_000);
    expect(queue.deadLetters).toMatchObject([{ body: "x", by: "copy", reason: "bad" }]);
    expect(queue.deleted).toHaveLength(1);
    expect(of("settled")).toMatchObject([{ outcome: "reject", certain: true }]);
    await stopped();
  });

  test("that hangs keeps its message hidden, however short the visibility timeout", async () => {
    const { clock, queue, start, stopped, of } = rejecting();
    queue.failNext("copyToDeadLetters", "hang", 30);
    queue.send("x");
    void start();
    await clock.advance(10 * 60_000);
    expect(of("leaseLost")).toEqual([]);
    expect(of("started")).toHaveLength(1);
    expect(queue.deleted).toHaveLength(1);
    await stopped();
  });

  test("that can't be had stops nothing else, and what is rejected beyond the most that wait is tried again", async () => {
    const { clock, queue, start, stopped, worker } = workerBundle({
      agent: ({ raw }) => {
        if (raw === "bad") throw new Reject("bad");
      },
      env: { RETRY_BACKOFF_SECONDS: "300,300" },
    });
    queue.failNext("copyToDeadLetters", new QueueError("unreachable", "no route to host"), 100_000);
    for (let n = 0; n < 1_000; n++) queue.send(n % 2 === 0 ? "bad" : "good");
    void start();
    await clock.advance(60_000);
    expect(queue.deleted.filter(({ body }) => body === "good")).toHaveLength(500);
    expect(worker.status().copies).toBe(250);
    expect(queue.visible()).toBeLessThanOrEqual(250);
    await stopped();
    expect(queue.deleted.filter(({ body }) => body === "bad")).toEqual([]);
  });

  test("that is refused makes the rejection a retry", async () => {
    const { clock, queue, start, stopped, of } = rejecting();
    queue.failNext("copyToDeadLetters", { entries: [{ ok: false, kind: "refused", detail: "too large" }] });
    queue.send("x");
    void start();
    await clock.advance(10_000);
    expect(queue.deleted).toHaveLength(0);
    expect(of("settled")).toMatchObject([{ outcome: "retry" }]);
    await stopped();
  });
});

describe("a message that comes again while it is in hand", () => {
  test("goes on with its running agent, and is deleted by the newer receipt", async () => {
    const { agent, started, end } = manualAgent();
    const { clock, queue, start, stopped } = workerBundle({
      agent,
      env: { VISIBILITY_TIMEOUT: "15", CONCURRENCY: "2" },
      // The queue hides for a shorter time than the worker believes: as when a visibility change got lost.
      queue: { visibilityTimeoutSeconds: 3 },
    });
    queue.send("x");
    void start();
    await clock.advance(6_000);
    expect(started).toEqual(["x"]);
    end("x");
    await clock.advance(1_000);
    expect(queue.deleted).toHaveLength(1);
    await stopped();
  });

  test("waits for the run that lost its lease to end before it starts again", async () => {
    const { agent, started, end } = manualAgent();
    const { clock, queue, start, stopped } = workerBundle({
      agent,
      env: { VISIBILITY_TIMEOUT: "15", CONCURRENCY: "2" },
    });
    queue.send("x");
    void start();
    await clock.advance(100);
    queue.failNext("changeVisibility", new QueueError("unreachable", "down"), 20);
    await clock.advance(40_000);
    expect(started).toEqual(["x"]);
    end("x");
    await clock.advance(1_000);
    expect(started).toEqual(["x", "x"]);
    end("x");
    await clock.advance(1_000);
    expect(queue.deleted).toHaveLength(1);
    await stopped();
  });
});

describe("the buffer", () => {
  test("stays empty for long agents, and grows to about a second's work for short ones", async () => {
    const waiting: number[] = [];
    const long = workerBundle({
      agent: () => new Promise<void>((resolve) => void long.clock.setTimer(resolve, 30_000)),
      env: { CONCURRENCY: "4" },
    });
    for (let n = 0; n < 100; n++) long.queue.send(String(n));
    void long.start();
    for (let n = 0; n < 100; n++) {
      await long.clock.advance(1_000);
      waiting.push(long.worker.status().buffered);
    }
    expect(Math.max(...waiting)).toBe(0);
    await long.stopped();

    const short = workerBundle({
      agent: () => new Promise<void>((resolve) => void short.clock.setTimer(resolve, 100)),
      env: { CONCURRENCY: "4" },
    });
    for (let n = 0; n < 500; n++) short.queue.send(String(n));
    void short.start();
    await short.clock.advance(5_000);
    expect(short.worker.status().buffered).toBeGreaterThan(10);
    expect(short.of("started").every(({ bufferedMs }) => bufferedMs <= 1_500)).toBe(true);
    await short.stopped();
  });

  test("keeps what waits when the agents become slow, since nobody else could have it sooner, and fetches nothing more", async () => {
    let ms = 10;
    const { clock, queue, start, stopped, of, worker } = workerBundle({
      agent: () => new Promise<void>((resolve) => void clock.setTimer(resolve, ms)),
      env: { CONCURRENCY: "2" },
    });
    for (let n = 0; n < 400; n++) queue.send(String(n));
    void start();
    await clock.advance(200);
    ms = 60_000;
    await clock.advance(5_000);
    const { buffered } = worker.status();
    expect(buffered).toBeGreaterThan(10);
    await clock.advance(300_000);
    expect(worker.status().buffered).toBeLessThan(buffered);
    expect(of("released")).toEqual([]);
    expect(of("started").every(({ delivery }) => delivery.receiveCount === 1)).toBe(true);
    await stopped();
  });
});

describe("an uncaught error", () => {
  test("of the agent's own drains the worker, gives its work back, and exits with 1", async () => {
    const { clock, queue, start, of } = workerBundle({
      agent: (_message, { signal }) =>
        new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())),
    });
    queue.send("x");
    const run = start();
    await clock.advance(100);
    (process as NodeJS.EventEmitter).emit("uncaughtException", new Error("a timer of the agent's threw"));
    await clock.advance(30_000);
    expect((await run).exitCode).toBe(1);
    expect(of("settled")).toMatchObject([{ outcome: "interrupted" }]);
    expect(queue.visible()).toBe(1);
  });
});

describe("an end that nobody asked for is an error in the log, with its cause,", () => {
  type Line = Record<string, unknown>;
  const errors = (lines: readonly Line[]) => lines.filter(({ level }) => level === "error");

  test("of a queue that is gone, for which nothing is tried again", async () => {
    const lines: Line[] = [];
    const { clock, queue, start } = workerBundle({ onLine: (line) => lines.push(line) });
    const text = "ReceiveMessage: no AWS credentials were found";
    queue.failNext("receive", new QueueError("fatal", text));
    const run = start();
    await clock.advance(30_000);
    expect((await run).exitCode).toBe(69);
    await eventually(
      async () => errors(lines),
      ({ length }) => length > 0,
    );
    expect(errors(lines)).toMatchObject([
      { msg: "nothing can be received any more: the worker drains and exits", err: { message: text } },
    ]);
    expect(lines.filter((line) => "retryInMs" in line)).toEqual([]);
  });

  test("of an agent that can't be made ready", async () => {
    const lines: Line[] = [];
    const error = new Error("no such model");
    const agent: Handler = { start: () => Promise.reject(error), run: async () => ({ kind: "done" }) };
    const { start } = workerBundle({ agent, onLine: (line) => lines.push(line) });
    await expect(start()).rejects.toThrow(error);
    await eventually(
      async () => errors(lines),
      ({ length }) => length > 0,
    );
    expect(errors(lines)).toMatchObject([
      {
        msg: "the agent could not be made ready: the worker drains and exits",
        err: { message: "no such model" },
      },
    ]);
  });

  test("of an error that nobody caught", async () => {
    const lines: Line[] = [];
    const { clock, start } = workerBundle({ onLine: (line) => lines.push(line) });
    const run = start();
    await clock.advance(100);
    (process as NodeJS.EventEmitter).emit("uncaughtException", new Error("a timer threw"));
    await clock.advance(30_000);
    expect((await run).exitCode).toBe(1);
    await eventually(
      async () => errors(lines),
      ({ length }) => length > 0,
    );
    expect(errors(lines)).toMatchObject([
      {
        msg: "an error was caught by nobody: the worker drains and exits",
        err: { message: "a timer threw" },
      },
    ]);
  });
});

describe("a delete that fails", () => {
  test("is tried again until it succeeds, and the message isn't seen meanwhile", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({ env: { VISIBILITY_TIMEOUT: "15" } });
    for (let n = 0; n < 8; n++) queue.failNext("delete", new QueueError("unreachable", "reset"));
    queue.send("x");
    void start();
    await clock.advance(60_000);
    expect(queue.deleted).toHaveLength(1);
    expect(of("started")).toHaveLength(1);
    expect(of("settled")).toMatchObject([{ outcome: "done", certain: true }]);
    await stopped();
  });

  test("for one entry of a batch is tried again for that entry alone", async () => {
    const { clock, queue, start, stopped } = workerBundle();
    queue.failNext("delete", { entries: [undefined, { ok: false, kind: "again", detail: "busy" }] });
    for (const body of ["a", "b", "c"]) queue.send(body);
    void start();
    await clock.advance(10_000);
    expect(queue.deleted.map(({ body }) => body).sort()).toEqual(["a", "b", "c"]);
    const deletes = queue.calls.filter(({ operation }) => operation === "delete");
    expect(deletes.map(({ handles }) => handles!.length)).toEqual([3, 1]);
    await stopped();
  });

  test("never becomes a redelivery by our own hand, not even at the end of a drain", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({
      env: { SHUTDOWN_TIMEOUT_SECONDS: "10", POLL_INTERVAL_SECONDS: "1" },
    });
    for (let n = 0; n < 1000; n++) queue.failNext("delete", new QueueError("unreachable", "down"));
    queue.send("x");
    void start();
    await clock.advance(1_000);
    const { exitCode } = await stopped();
    expect(exitCode).toBe(75);
    expect(of("settled")).toMatchObject([{ outcome: "done", certain: false }]);
    expect(queue.calls.filter(({ operation }) => operation === "changeVisibility")).toHaveLength(0);
  });
});

describe("a start", () => {
  test.each([
    [{}, "10 slots of ./unused.mjs on the queue tasks"],
    [{ ISOLATION: "process", CONCURRENCY: "2" }, "2 slots of ./unused.mjs (process) on the queue tasks"],
    [{ HANDLER: "exec:sh agent.sh" }, "10 slots of exec:sh agent.sh on the queue tasks"],
    [{ HANDLER: "http://me:secret@127.0.0.1/run?key=secret" }, "10 slots of http://127.0.0.1/run on the queue tasks"],
  ])("says what is to run where, and no secret: %j", async (env, detail) => {
    const { of, stopped } = workerBundle({ env, agent: { run: async () => ({ kind: "done" }) } });
    await stopped();
    expect(of("lifecycle")[0]).toEqual({ kind: "lifecycle", state: "starting", detail });
  });

  test("is refused where a function is to be isolated, which it wouldn't be", () => {
    expect(() => workerBundle({ env: { ISOLATION: "process" } })).toThrow(
      /^ISOLATION must be none where the agent is given as a function, .*, got "process"/,
    );
  });

  test("that takes long says what it waits for, again and again, and no more once that is there", async () => {
    const ready = Promise.withResolvers<void>();
    const { clock, start, stopped, of } = workerBundle({
      agent: { run: async () => ({ kind: "done" }), start: () => ready.promise },
      env: { HANDLER: "http://127.0.0.1:8000/run" },
    });
    void start();
    const told = () => of("warning").map(({ text }) => text);
    await clock.advance(4_000);
    expect(told()).toEqual([]);
    await clock.advance(22_000);
    expect(told()).toEqual([
      "not running yet after 5 s: http://127.0.0.1:8000/run isn't ready",
      "not running yet after 25 s: http://127.0.0.1:8000/run isn't ready",
    ]);
    ready.resolve();
    await clock.advance(100_000);
    expect(told()).toHaveLength(2);
    await stopped();
  });
});

describe("a stop", () => {
  test("before the start is harmless, and so is a second one", async () => {
    const { worker, start, queue } = workerBundle();
    await worker.stop();
    await worker.stop();
    expect((await start()).exitCode).toBe(0);
    expect(queue.calls).toHaveLength(0);
  });

  test("lets agents finish, deletes their messages, and leaves nothing hidden", async () => {
    const { agent, started, end } = manualAgent();
    const { clock, queue, start, worker, of } = workerBundle({ agent, env: { CONCURRENCY: "3" } });
    for (const body of ["a", "b", "c", "d", "e"]) queue.send(body);
    const run = start();
    await clock.advance(100);
    expect(started).toHaveLength(3);
    void worker.stop();
    await clock.advance(30_000);
    for (const body of started) end(body);
    await clock.advance(1_000);
    expect((await run).exitCode).toBe(0);
    expect(queue.deleted).toHaveLength(3);
    expect(queue.visible()).toBe(2);
    expect(queue.inFlight()).toBe(0);
    expect(of("settled").filter(({ outcome }) => outcome !== "done")).toHaveLength(0);
    expect(clock.timers).toBe(0);
  });

  test("lets the open long poll end, and what it brings gets the slot that is free", async () => {
    const { clock, queue, start, worker, of } = workerBundle();
    const run = start();
    await clock.advance(1_000);
    void worker.stop();
    await clock.advance(1_000);
    queue.send("late");
    await clock.advance(1_000);
    expect((await run).exitCode).toBe(0);
    expect(of("started")).toHaveLength(1);
    expect(queue.deleted).toHaveLength(1);
  });

  test("makes visible what an open long poll brings where agents are known to take longer than there is time", async () => {
    const bundle = workerBundle({
      agent: async () => sleep(bundle.clock, 60_000),
      env: { SHUTDOWN_TIMEOUT_SECONDS: "60" },
    });
    const { clock, queue, start, worker, of } = bundle;
    queue.send("x");
    const run = start();
    await clock.advance(70_000);
    void worker.stop();
    await clock.advance(1_000);
    queue.send("late");
    await clock.advance(20_000);
    expect((await run).exitCode).toBe(0);
    expect(of("released")).toMatchObject([{ cause: "stop" }]);
    expect(queue.visible()).toBe(1);
  });

  test("aborts agents when the budget's reserve begins, makes their messages visible, and says so by exit code 75", async () => {
    const { clock, queue, start, worker, of } = workerBundle({
      agent: (_message, { signal }) =>
        new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())),
      env: { SHUTDOWN_TIMEOUT_SECONDS: "30" },
    });
    queue.send("x");
    const run = start();
    await clock.advance(100);
    void worker.stop();
    await clock.advance(31_000);
    expect((await run).exitCode).toBe(75);
    expect(queue.visible()).toBe(1);
    expect(of("warning").map(({ text }) => text)).toContain(
      "work was given up at the stop; agents aborted: 1, still running: 0, messages given back: 1",
    );
  });

  test("ends within its budget when an agent ignores its abort, and makes the message visible", async () => {
    const { agent } = manualAgent();
    const { clock, queue, start, worker, of } = workerBundle({ agent, env: { SHUTDOWN_TIMEOUT_SECONDS: "30" } });
    queue.send("stuck");
    const run = start();
    await clock.advance(100);
    void worker.stop();
    await clock.advance(30_500);
    expect((await run).exitCode).toBe(75);
    expect(queue.visible()).toBe(1);
    expect(of("warning").map(({ text }) => text)).toContain(
      "work was given up at the stop; agents aborted: 1, still running: 1, messages given back: 1",
    );
  });
});

describe("a FIFO queue", () => {
  test("starts a group's messages in order and other groups in parallel", async () => {
    const { agent, started, end } = manualAgent();
    const { clock, queue, start, stopped } = workerBundle({ agent, queue: { fifo: true } });
    for (const body of ["a1", "a2", "a3"]) queue.send(body, { groupId: "a" });
    for (const body of ["b1", "b2"]) queue.send(body, { groupId: "b" });
    void start();
    await clock.advance(100);
    expect(started.sort()).toEqual(["a1", "b1"]);
    end("a1");
    await clock.advance(100);
    expect(started).toContain("a2");
    expect(started).not.toContain("b2");
    for (const body of ["b1", "a2"]) end(body);
    await clock.advance(100);
    for (const body of ["b2", "a3"]) end(body);
    await clock.advance(1_000);
    expect(queue.deleted).toHaveLength(5);
    await stopped();
  });

  test("tries a failed head again under its lease, its followers unstarted behind it", async () => {
    const { agent, started, fail, end } = manualAgent();
    const { clock, queue, start, stopped, of } = workerBundle({
      agent,
      env: { RETRY_BACKOFF_SECONDS: "1,1" },
      queue: { fifo: true },
    });
    for (const body of ["a1", "a2", "a3"]) queue.send(body, { groupId: "a" });
    void start();
    await clock.advance(100);
    fail("a1", new Error("no"));
    await clock.advance(2_000);
    expect(started).toEqual(["a1", "a1"]);
    expect(of("started").map(({ delivery }) => delivery.receiveCount)).toEqual([1, 2]);
    for (const body of ["a1", "a2", "a3"]) {
      end(body);
      await clock.advance(100);
    }
    expect(started).toEqual(["a1", "a1", "a2", "a3"]);
    expect(queue.deleted).toHaveLength(3);
    expect(of("released")).toEqual([]);
    expect((await stopped()).summary.received).toBe(3);
  });

  test("waits the rest of a failed head's visibility timeout where no back-off is set", async () => {
    const { agent, started, fail } = manualAgent();
    const { clock, queue, start, stopped } = workerBundle({
      agent,
      env: { VISIBILITY_TIMEOUT: "60" },
      queue: { fifo: true },
    });
    queue.send("a1", { groupId: "a" });
    void start();
    await clock.advance(20_000);
    fail("a1", new Error("no"));
    await clock.advance(39_000);
    expect(started).toEqual(["a1"]);
    await clock.advance(2_000);
    expect(started).toEqual(["a1", "a1"]);
    await stopped();
  });

  test("makes a head that always fails the only dead letter, and runs its followers", async () => {
    const runs: string[] = [];
    const { clock, queue, start, stopped, of } = workerBundle({
      agent: ({ raw, receiveCount }) => {
        runs.push(`${raw} ${receiveCount}`);
        if (raw === "bad") throw new Error("always");
      },
      env: { RETRY_BACKOFF_SECONDS: "1,1" },
      queue: { fifo: true, maxReceiveCount: 3, tellsMaxReceiveCount: true },
    });
    for (const body of ["bad", "good 1", "good 2"]) queue.send(body, { groupId: "a" });
    void start();
    await clock.advance(30_000);
    expect(runs).toEqual(["bad 1", "bad 2", "bad 3", "good 1 1", "good 2 1"]);
    expect(queue.deadLetters.map(({ body, by }) => [body, by])).toEqual([["bad", "copy"]]);
    expect(of("settled").find(({ deadLettered }) => deadLettered)).toMatchObject({ outcome: "retry" });
    await stopped();
  });

  test("starts the followers of a dead letter only when its copy is certain, or can't be had", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({
      agent: ({ raw }) => {
        if (raw === "bad") throw new Error("always");
      },
      queue: { fifo: true, maxReceiveCount: 1, tellsMaxReceiveCount: true },
    });
    queue.failNext("copyToDeadLetters", new QueueError("throttled", "slow down"), 2);
    for (const body of ["bad", "good"]) queue.send(body, { groupId: "a" });
    queue.send("bad", { groupId: "b" });
    queue.send("good", { groupId: "b" });
    void start();
    await clock.advance(15_000);
    expect(queue.deleted.map(({ body }) => body).sort()).toEqual(["bad", "bad", "good", "good"]);
    const copied = queue.calls.filter(({ operation }) => operation === "copyToDeadLetters").at(-1)!.at;
    expect(copied).toBeGreaterThan(0);

    queue.failNext("copyToDeadLetters", { entries: [{ ok: false, kind: "refused", detail: "AccessDenied" }] });
    for (const body of ["bad", "good"]) queue.send(body, { groupId: "c" });
    await clock.advance(1_000);
    expect(queue.deleted.slice(4).map(({ body }) => body)).toEqual(["good"]);
    expect(of("released")).toEqual([]);
    await stopped();
  });

  for (const [how, error] of [
    ["fails for good", new Error("always")],
    ["is rejected", new Reject("never")],
  ] as const) {
    test(`leaves a head that ${how} to SQS where no copy is permitted, and runs its followers`, async () => {
      const { clock, queue, start, stopped, of } = workerBundle({
        agent: ({ raw }) => {
          if (raw === "bad") throw error;
        },
        env: { RETRY_BACKOFF_SECONDS: "1,1" },
        queue: { fifo: true, maxReceiveCount: 3, tellsMaxReceiveCount: true },
      });
      const refused = { ok: false, kind: "refused", detail: "AccessDenied" } as const;
      queue.failNext("copyToDeadLetters", { entries: [refused] }, 10);
      for (const body of ["bad", "good 1", "good 2"]) queue.send(body, { groupId: "a" });
      void start();
      await clock.advance(120_000);
      expect(queue.deadLetters.map(({ body, by }) => [body, by])).toEqual([["bad", "redrive"]]);
      expect(queue.deleted.map(({ body }) => body)).toEqual(["good 1", "good 2"]);
      expect(of("released")).toEqual([]);
      expect(of("settled").filter(({ lastReceive }) => lastReceive)).toHaveLength(1);
      await stopped();
    });
  }

  test("lets the queue have its say on a head that always fails where nobody knows its maxReceiveCount", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({
      agent: ({ raw }) => {
        if (raw === "bad") throw new Error("always");
      },
      env: { RETRY_BACKOFF_SECONDS: "1,1" },
      queue: { fifo: true, maxReceiveCount: 3, deadLetterQueue: false },
    });
    for (const body of ["bad", "good 1", "good 2"]) queue.send(body, { groupId: "a" });
    void start();
    await clock.advance(60_000);
    expect(queue.deadLetters.map(({ body }) => body)).toEqual(["bad"]);
    expect(queue.deleted.map(({ body }) => body)).toEqual(["good 1", "good 2"]);
    expect(of("released")).toEqual([]);
    await stopped();
  });

  test("tries a head for good, its group behind it, where it is known that the queue never gives it up", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({
      agent: ({ raw }) => {
        if (raw === "bad") throw new Error("always");
      },
      env: { RETRY_BACKOFF_SECONDS: "1,1" },
      queue: { fifo: true, maxReceiveCount: Number.POSITIVE_INFINITY, tellsMaxReceiveCount: true },
    });
    for (const body of ["bad", "good"]) queue.send(body, { groupId: "a" });
    void start();
    await clock.advance(15_000);
    expect(of("started").length).toBeGreaterThan(10);
    expect(queue.deleted).toEqual([]);
    await stopped();
  });

  test("gives a stopped group back in order: the head for the rest of its wait, its followers at once", async () => {
    const { agent, started, fail } = manualAgent();
    const { clock, queue, start, stopped } = workerBundle({
      agent,
      env: { POLL_INTERVAL_SECONDS: "1" },
      queue: { fifo: true },
    });
    for (const body of ["a1", "a2", "a3"]) queue.send(body, { groupId: "a" });
    void start();
    await clock.advance(100);
    fail("a1", new Retry(60));
    await clock.advance(1_000);
    await stopped();
    expect(started).toEqual(["a1"]);
    const changes = queue.calls.flatMap(({ changes = [] }) => changes);
    expect(changes.map(({ handle }) => handle)).toEqual(["message-1#1", "message-2#1", "message-3#1"]);
    expect(changes.slice(1).map(({ seconds }) => seconds)).toEqual([0, 0]);
  });
});

describe("trouble with receiving", () => {
  test("backs off, tells each change of state once, and recovers", async () => {
    const { clock, queue, start, stopped, of } = workerBundle();
    for (let n = 0; n < 5; n++) queue.failNext("receive", new QueueError("unreachable", "ECONNREFUSED"));
    void start();
    await clock.advance(90_000);
    expect(of("receiveFailed").map(({ changed }) => changed)).toEqual([true, false, false, false, false]);
    expect(of("receiveRecovered")).toEqual([{ kind: "receiveRecovered", failures: 5 }]);
    await stopped();
  });

  test("gives up a receive that is never answered, and tries again", async () => {
    const { clock, queue, start, stopped, of } = workerBundle();
    queue.failNext("receive", "hang");
    queue.send("x");
    void start();
    await clock.advance(60_000);
    expect(of("receiveFailed")).toMatchObject([{ cause: "deadline" }]);
    expect(queue.deleted).toHaveLength(1);
    await stopped();
  });

  test("ends with 69 when the queue is gone, after what runs has ended", async () => {
    const { agent, end } = manualAgent();
    const { clock, queue, start } = workerBundle({ agent, env: { CONCURRENCY: "2" } });
    queue.send("a");
    const run = start();
    await clock.advance(100);
    queue.failNext("receive", new QueueError("fatal", "QueueDoesNotExist"), 100);
    await clock.advance(150_000);
    end("a");
    await clock.advance(5_000);
    expect((await run).exitCode).toBe(69);
    expect(queue.deleted).toHaveLength(1);
  });

  test("ends with 69 at once when the first receive is refused", async () => {
    const { clock, queue, start } = workerBundle();
    queue.failNext("receive", new QueueError("fatal", "AccessDenied"));
    const run = start();
    await clock.advance(5_000);
    expect((await run).exitCode).toBe(69);
  });

  test("works on when a refusal passes: permissions take a while to spread", async () => {
    const { clock, queue, start, stopped, of } = workerBundle();
    queue.send("a");
    void start();
    await clock.advance(100);
    queue.failNext("receive", new QueueError("fatal", "AccessDenied"), 3);
    queue.failNext("delete", new QueueError("fatal", "AccessDenied"), 2);
    queue.send("b");
    await clock.advance(90_000);
    expect(queue.deleted).toHaveLength(2);
    expect(of("receiveRecovered")).toHaveLength(1);
    expect((await stopped()).exitCode).toBe(0);
  });

  test("hands no message with a bad MD5 to the agent, and runs the good ones", async () => {
    const { clock, queue, start, stopped, of } = workerBundle();
    queue.failNext("receive", "corrupt");
    queue.send("bad");
    queue.send("good");
    void start();
    await clock.advance(1_000);
    expect(of("started")).toHaveLength(1);
    expect(
      of("settled")
        .map(({ outcome }) => outcome)
        .sort(),
    ).toEqual(["done", "retry"]);
    await stopped();
  });

  test("runs a message once that is twice in one answer, and takes more than it asked for", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({ env: { CONCURRENCY: "1", MAX_MESSAGES: "1" } });
    queue.failNext("receive", { extra: 5 });
    for (let n = 0; n < 6; n++) queue.send(String(n));
    void start();
    await clock.advance(1_000);
    queue.failNext("receive", "duplicate");
    queue.send("twice");
    await clock.advance(60_000);
    expect(of("started")).toHaveLength(7);
    expect(queue.deleted).toHaveLength(7);
    await stopped();
  });
});
