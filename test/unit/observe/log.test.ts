import { spawn } from "node:child_process";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { Refusal } from "../../../src/aws/wire/refusal.js";
import { FactLog } from "../../../src/observe/fact-log.js";
import { createLogger, type LoggerOptions } from "../../../src/observe/log.js";
import { LogOutput } from "../../../src/observe/log-output.js";
import { prettyLine } from "../../../src/observe/pretty-line.js";
import type { OutcomeKind } from "../../../src/pipeline/ports/outcome.js";
import { QueueError } from "../../../src/pipeline/ports/queue.js";
import { FakeClock, settle } from "../../support/fake-clock.js";

const delivery = { messageId: "m-1", receiveCount: 2 };

function setup(options: Partial<LoggerOptions> = {}) {
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const output = new LogOutput(stream);
  const logger = createLogger({ level: "info", output, ...options });
  const clock = new FakeClock();
  const log = new FactLog(logger, clock);
  const lines = () => {
    output.flush();
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };
  const settled = (outcome: OutcomeKind, more: { cause?: unknown; certain?: boolean } = {}) =>
    log.record({ kind: "settled", delivery, outcome, agentMs: 12.345, certain: true, ...more });
  return { output, logger, log, clock, lines, settled, raw: () => text };
}

describe("a log line", () => {
  test("has the level's name, an ISO time, its fields and a message, on one line", () => {
    const { logger, lines } = setup();
    logger.info({ messageId: "m-1", note: "two\nlines" }, "message settled");
    expect(lines()).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        messageId: "m-1",
        note: "two\nlines",
        msg: "message settled",
      },
    ]);
  });

  test("is cut, in its message and in each of its fields", () => {
    const { logger, lines } = setup();
    logger.info({ note: "n".repeat(10_000) }, "m".repeat(10_000));
    const [line] = lines();
    expect(line.note).toBe(`${"n".repeat(2_000)}… (8000 more)`);
    expect(line.msg).toBe(`${"m".repeat(2_000)}… (8000 more)`);
  });

  test("longer than a log driver takes is left out, and that is said", () => {
    const { logger, lines } = setup();
    logger.info({ rows: Array(10_000).fill("0123456789") }, "everything");
    expect(lines()).toEqual([expect.objectContaining({ msg: "log line left out: too long", level: "warn" })]);
  });

  test("hides what stands under a secret's name", () => {
    const { logger, lines } = setup();
    logger.info({ password: "hunter2", request: { authorization: "Bearer abc", path: "/" } }, "called");
    expect(lines()[0]).toMatchObject({
      password: "[redacted]",
      request: { authorization: "[redacted]", path: "/" },
    });
  });

  test("can't be taken for embedded metrics, whatever is logged", () => {
    const { logger, lines } = setup();
    const body = JSON.parse('{"_aws":{"CloudWatchMetrics":[]},"SlotDemand":99999}');
    logger.info(body, "an agent logged its message");
    logger.child(body).info("and bound it");
    for (const line of lines()) {
      expect(line).not.toHaveProperty("_aws");
      expect(line.SlotDemand).toBe(99_999);
    }
  });

  test("tells an error's name, message, code, innermost frames and cause, and none of its other properties", () => {
    const { logger, lines } = setup();
    const error = Object.assign(new TypeError("b".repeat(9_000), { cause: new Error("refused") }), {
      code: "EBAD",
      body: "secret",
    });
    logger.error(error);
    const [{ err, msg }] = lines();
    expect(err).toMatchObject({ name: "TypeError", code: "EBAD", cause: { name: "Error", message: "refused" } });
    expect(err.message).toHaveLength(500 + "… (8500 more)".length);
    expect(err.stack.split("\n").length).toBeLessThanOrEqual(5);
    expect(err).not.toHaveProperty("body");
    expect(msg.length).toBeLessThan(2_100);
  });

  test("has AWS's id of the request that an error is the answer of, wherever it stands", () => {
    const { logger, lines } = setup();
    const refusal = new Refusal({ headers: { "x-amzn-requestid": "req-1" } }, 403, { __type: "AccessDenied" });
    logger.warn({ err: new QueueError("fatal", "ReceiveMessage: AccessDenied", { cause: refusal }) }, "receive failed");
    const ofSdk = Object.assign(new Error("Throttled"), { $metadata: { httpStatusCode: 503, requestId: "req-2" } });
    logger.warn({ err: ofSdk }, "settling failed");
    expect(lines().map(({ err }) => err.requestId)).toEqual(["req-1", "req-2"]);
  });

  test("of an error says which kind it is, whoever logs it", () => {
    const { logger, lines } = setup();
    logger.warn({ err: new TypeError("no order 4711") }, "an agent's own");
    logger.warn(new RangeError("no order 4711"));
    logger.info({ count: 1 }, "no error");
    expect(lines().map(({ errorKind }) => errorKind)).toEqual([
      "TypeError: no order N",
      "RangeError: no order N",
      undefined,
    ]);
  });

  test("names its queue, but for people, who read of one", () => {
    const json = setup({ queue: "orders" });
    json.logger.child({ messageId: "m-1" }).info("working");
    expect(json.lines()).toMatchObject([{ queue: "orders", messageId: "m-1" }]);
    const people = setup({ queue: "orders", pretty: true });
    people.logger.info("working");
    people.output.flush();
    expect(people.raw()).not.toContain("orders");
  });

  test("has nothing raw that a terminal obeys, as JSON and for people, and says the same", () => {
    const hostile = "\u001b]0;owned\u0007 \u009b2J \u202e \u2028 \u0085";
    const { logger, lines, raw } = setup();
    logger.child({ customer: hostile }).error({ [hostile]: { inner: hostile }, err: new Error(hostile) }, hostile);
    expect(lines()[0]).toMatchObject({ customer: hostile, msg: hostile, err: { message: hostile } });
    for (const text of [raw(), prettyLine(raw(), false)]) {
      expect(text).toContain("owned");
      expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u);
    }
  });

  test("tells no password of a URL, wherever it stands", () => {
    const { logger, lines, raw } = setup();
    const url = "http://user:hunter2@10.0.0.1/run?token=hunter2";
    logger
      .child({ url })
      .warn({ of: [url], err: new Error(`${"x".repeat(470)} ${url}`, { cause: new Error(url) }) }, url);
    expect(lines()[0]).toMatchObject({ url: "http://***@10.0.0.1/run?token=***" });
    expect(raw()).not.toContain("hunter2");
  });

  test("can be made for people", () => {
    const line = JSON.stringify({
      level: "warn",
      time: "2026-01-01T10:11:12.131Z",
      messageId: "m-1",
      outcomes: { done: 3 },
      err: { name: "TypeError", message: "boom", stack: "at a\nat b" },
      msg: "message settled",
    });
    expect(prettyLine(line, false)).toBe(
      "10:11:12.131 warn  message settled messageId=m-1 outcomes=done:3 TypeError: boom\n    at a\n    at b\n",
    );
  });
});

describe("facts in the log", () => {
  test("tell a success at debug only", () => {
    const quiet = setup();
    quiet.settled("done");
    expect(quiet.lines()).toEqual([]);
    const talkative = setup({ level: "debug" });
    talkative.settled("done");
    expect(talkative.lines()).toEqual([
      expect.objectContaining({ level: "debug", messageId: "m-1", outcome: "done", agentMs: 12.3 }),
    ]);
  });

  test("tell a failure as a warning with its error", () => {
    const { settled, lines } = setup();
    settled("retry", { cause: new RangeError("no such task") });
    settled("reject", { cause: "no task_id" });
    expect(lines()).toEqual([
      expect.objectContaining({
        level: "warn",
        outcome: "retry",
        receiveCount: 2,
        err: expect.objectContaining({ name: "RangeError", message: "no such task" }),
      }),
      expect.objectContaining({ level: "warn", outcome: "reject", reason: "no task_id" }),
    ]);
  });

  test("tell a body only where the fact brings one, cut to a length", () => {
    const { log, lines } = setup();
    const fact = { kind: "settled", outcome: "retry", agentMs: 1, certain: true } as const;
    log.record({ ...fact, delivery });
    log.record({ ...fact, delivery: { ...delivery, body: "b".repeat(5_000) } });
    const [without, withBody] = lines();
    expect(without).not.toHaveProperty("body");
    expect(withBody.body).toBe(`${"b".repeat(2_000)}… (3000 more)`);
  });

  test("warn even of a success that may not have been carried out", () => {
    const { settled, lines } = setup();
    settled("done", { certain: false });
    expect(lines()[0]).toMatchObject({
      level: "warn",
      outcome: "done",
      msg: expect.stringContaining("may come again"),
    });
  });

  test("tell a streak of failed receives at its changes", () => {
    const { log, lines } = setup();
    const fail = (failures: number, cause: string, changed: boolean) =>
      log.record({
        kind: "receiveFailed",
        cause,
        error: new Error(cause),
        failures,
        ...(cause === "fatal" ? undefined : { retryInMs: 99.7 }),
        changed,
      });
    fail(1, "throttled", true);
    fail(2, "throttled", false);
    fail(3, "unreachable", true);
    fail(4, "unreachable", false);
    fail(5, "fatal", true);
    log.record({ kind: "receiveRecovered", failures: 4 });
    expect(
      lines().map(({ level, msg, cause, failures, retryInMs }) => [level, msg, cause, failures, retryInMs]),
    ).toEqual([
      ["warn", "receive failed", "throttled", 1, 100],
      ["warn", "receive failed", "unreachable", 3, 100],
      // Nothing is tried again.
      ["warn", "receive failed", "fatal", 5, undefined],
      ["info", "receive recovered", undefined, 4, undefined],
    ]);
  });

  test("tell each state of the worker's life", () => {
    const { log, lines } = setup();
    for (const state of ["starting", "running", "draining", "stopped"] as const)
      log.record({ kind: "lifecycle", state });
    expect(lines().map(({ msg }) => msg)).toEqual([
      "worker starting",
      "worker running",
      "worker draining",
      "worker stopped",
    ]);
  });

  test("group by one field, whatever the outcome, by what differs between no two messages", () => {
    const { log, settled, lines } = setup();
    settled("retry", { cause: new TypeError("no order 4711") });
    settled("reject", { cause: "the program ended with exit code 65: no order 4712" });
    settled("defer", { cause: "no service: connect ECONNREFUSED 10.0.0.1:80" });
    log.record({ kind: "retriedHere", delivery, agentMs: 1, afterSeconds: 1, cause: new TypeError("no order 4713") });
    log.record({ kind: "deferred", delivery, afterSeconds: 1, reason: "no service: connect ECONNREFUSED 10.0.0.2:80" });
    log.record({ kind: "leaseLost", delivery, reason: "no extension for 12 s" });
    expect(lines().map(({ errorKind }) => errorKind)).toEqual([
      "TypeError: no order N",
      "the program ended with exit code N: no order N",
      "no service: connect ECONNREFUSED N.N:N",
      "TypeError: no order N",
      "no service: connect ECONNREFUSED N.N:N",
      "no extension for N s",
    ]);
  });

  test("name the trace that their message is part of, as OpenTelemetry and as X-Ray write its id", () => {
    const { log, lines } = setup();
    const trace = { traceId: "67891233abcdef012345678912345678", spanId: "53995c3f42cd8ad8", sampled: true };
    log.record({ kind: "leaseLost", delivery: { ...delivery, trace }, reason: "late" });
    expect(lines()[0]).toMatchObject({
      trace_id: "67891233abcdef012345678912345678",
      xray_trace_id: "1-67891233-abcdef012345678912345678",
    });
  });

  test("are limited to a hundred lines about messages a second, and the rest is counted", async () => {
    const { log, clock, settled, lines } = setup();
    for (let each = 0; each < 500; each++) settled("retry", { cause: "down" });
    expect(lines()).toHaveLength(100);
    expect(log.suppressed).toBe(400);
    await clock.advance(1_000);
    settled("retry", { cause: "down" });
    expect(lines()).toHaveLength(101);
  });
});

describe("the log's output", () => {
  test("holds a bounded amount for a reader that is stuck, and counts what it drops", async () => {
    let release = () => {};
    let written = 0;
    const stuck = new Writable({
      write(chunk, _encoding, done) {
        written += chunk.length;
        release = done;
      },
    });
    const output = new LogOutput(stuck);
    const line = `${"x".repeat(1023)}\n`;
    for (let each = 0; each < 10_000; each++) output.write(line);
    await output.drain(1);
    expect(output.dropped).toBe(10_000 - 4 * 1024);
    release();
    await output.drain(1);
    expect(written).toBe(4 * 1024 * 1024);
  });

  test("goes on without a word when its reader is gone", async () => {
    const gone = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
      },
    });
    const output = new LogOutput(gone);
    output.write("first\n");
    output.flush();
    await settle();
    output.write("second\n");
    expect(output.dropped).toBe(1);
  });

  test("lets a process end though its stdout is a pipe that nobody reads, and live on though it was closed", async () => {
    const module = pathToFileURL(`${process.cwd()}/build/src/observe/log.js`).href;
    const program = `
      const { createLogger } = await import(${JSON.stringify(module)});
      const logger = createLogger({ level: "info" });
      for (let line = 0; line < 3000; line++) logger.info({ text: "x".repeat(1000) }, "line");
      process.stderr.write("wrote\\n");
      process.stdin.once("data", () => {
        logger.info("after the reader has gone");
        setTimeout(() => { process.stderr.write("alive\\n"); process.exit(7); }, 50);
      });
    `;
    for (const closing of [false, true]) {
      const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: "pipe" });
      let told = "";
      const ended = new Promise((resolve) => child.on("close", resolve));
      await new Promise<void>((resolve) => {
        child.stderr.on("data", (chunk) => {
          told += chunk;
          if (told.includes("wrote")) resolve();
        });
      });
      if (closing) child.stdout.destroy();
      child.stdin.write("go\n");
      expect(await ended).toBe(7);
      expect(told).toContain("alive");
    }
  }, 30_000);
});
