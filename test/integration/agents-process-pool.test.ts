import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ProcessPool, type ProcessPoolOptions } from "../../src/agents/module/process-pool.js";
import { OnceHandler } from "../../src/agents/once/once.js";
import { ESTIMATED } from "../../src/pipeline/ports/budget.js";
import { systemClock } from "../../src/pipeline/ports/clock.js";
import type { Outcome } from "../../src/pipeline/ports/outcome.js";
import { HandRun, KeptLog, lives, received } from "../support/agent-bundle.js";
import { MemoryIdempotency } from "../support/memory-idempotency.js";

let folder: string;
const pools: ProcessPool[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-pool-"));
});
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.stop()));
  await rm(folder, { recursive: true });
});

/** A started pool whose agent is `async (message, context) => { BODY }`. */
async function pool(body: string, options: Partial<ProcessPoolOptions> = {}) {
  return module(`export default async (message, context) => { ${body} };`, options);
}

async function module(source: string, options: Partial<ProcessPoolOptions> = {}) {
  const path = join(folder, "agent.mjs");
  await writeFile(path, source);
  const log = new KeptLog();
  const made = new ProcessPool({ path, slots: 4, logs: { of: log.logFor, own: log.logFor() }, ...options });
  pools.push(made);
  await made.start();
  const end = (body: unknown = {}, run = new HandRun()): Promise<Outcome> =>
    made.run(received(JSON.stringify(body)), run);
  return { made, log, end };
}

const errorOf = (outcome: Outcome) => (outcome.kind === "retry" ? String(outcome.error) : outcome.kind);
const texts = (log: KeptLog) => log.entries.map(({ text }) => text);

describe("A module in processes", () => {
  test("gets the message as it would in the worker's own process", async () => {
    const { made, log } = await pool(
      "const { idempotency } = context; context.log.info({ message, idempotency, own: Object.getPrototypeOf(message.attributes) === null }, 'seen');",
    );
    const message = received('{"a":1}', {
      id: "m-1",
      groupId: "g",
      receiveCount: 2,
      attributes: [
        ["__proto__", { type: "String", string: "x" }],
        ["bytes", { type: "Binary", binary: new Uint8Array([1, 2]) }],
      ],
    });
    const run = new HandRun();
    run.idempotency = { key: "order-1", fence: 3 };
    expect(await made.run(message, run)).toEqual({ kind: "done" });
    expect(log.entries).toHaveLength(1);
    expect(log.entries[0]).toMatchObject({
      level: "info",
      text: "seen",
      fields: {
        own: true,
        idempotency: { key: "order-1", fence: 3 },
        message: {
          id: "m-1",
          body: { a: 1 },
          raw: '{"a":1}',
          groupId: "g",
          receiveCount: 2,
          sentAt: 1_700_000_000_000,
        },
      },
    });
  });

  test("says before a run what its message takes of budgets, in a process that works on it", async () => {
    const source = `export default {
      uses: {
        calls: 2,
        tokens({ body }) {
          if (body.mode === "throws") throw new TypeError("no length");
          if (body.mode === "dies") process.exit(3);
          if (body.mode === "hangs") for (;;);
          return body.text.length;
        },
      },
      handle() {},
    };`;
    const { made, end } = await module(source);
    expect(made.uses).toEqual({ calls: 2, tokens: ESTIMATED });
    const estimate = (body: unknown) => made.estimate(received(JSON.stringify(body)));
    expect(await estimate({ text: "twelve chars" })).toEqual({ estimates: { tokens: 12 } });
    const failed = async (mode: string) => {
      const told = await estimate({ mode });
      return "ended" in told ? errorOf(told.ended) : "told";
    };
    expect(await failed("throws")).toBe("TypeError: no length");
    expect(await failed("dies")).toBe("ProcessDied: the agent's process ended with exit code 3");
    expect(await failed("hangs")).toBe("ProcessDied: the agent's process was killed: uses took longer than 5 s");
    // Nothing is asked again in the run.
    const run = new HandRun();
    expect(await end({ mode: "throws" }, run)).toEqual({ kind: "done" });
  });

  test("that works on one message only waits in its slot for what it estimates", async () => {
    const source = "export default { uses: { tokens: ({ raw }) => raw.length }, handle() {} };";
    const { made } = await module(source, { runsMax: 1 });
    expect(made.uses).toEqual({ tokens: 0 });
  });

  test("saves a checkpoint when it is asked to, and tells when it couldn't", async () => {
    const { end } = await pool(`
      const { steps } = message.body;
      let step = 0;
      context.checkpoint(async (cause) => {
        if (steps === 0) throw new TypeError("no place to save");
        context.progress(cause + " at " + step);
      });
      while (!context.signal.aborted) {
        if (step < steps) step++;
        if (step === steps) context.progress("ready");
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      throw new Error("stopped");
    `);
    for (const steps of [3, 0]) {
      const run = new HandRun();
      const ready = new Promise<void>((resolve) => {
        run.onNote = (note) => note === "ready" && resolve();
      });
      const ended = end({ steps }, run);
      await ready;
      const saved = Promise.resolve(run.save?.("timeout"));
      if (steps === 0) await expect(saved).rejects.toThrow("no place to save");
      else {
        await saved;
        expect(run.notes).toContain("timeout at 3");
      }
      run.abort("timeout");
      expect(errorOf(await ended)).toMatch(/stopped/);
    }
  });

  test("can't have nothing saved: a checkpoint takes a function, as it does in the worker's own process", async () => {
    const { end } = await pool("context.checkpoint(undefined);");
    const run = new HandRun();
    expect(errorOf(await end({}, run))).toMatch("TypeError: checkpoint takes a function, got undefined");
    expect(run.save).toBeUndefined();
  });

  test("is done with a message only by its own word: what comes late, of the message before, counts for nothing", async () => {
    const { log, end } = await module(
      `
        import { writeSync } from "node:fs";
        let before;
        export default async ({ body }, context) => {
          if (body.first) {
            before = context;
            writeSync(3, JSON.stringify({ ended: { kind: "done" }, residentBytes: 1, of: 1 }) + "\\n");
            await new Promise((resolve) => setTimeout(resolve, 100));
          } else {
            before.progress("late");
            before.extend(600);
            await new Promise((resolve) => setTimeout(resolve, 400));
            throw new Error("the second fails");
          }
        };
      `,
      { slots: 1 },
    );
    expect(await end({ first: true })).toEqual({ kind: "done" });
    const run = new HandRun();
    expect(errorOf(await end({}, run))).toMatch("the second fails");
    expect({ notes: run.notes, extended: run.extended }).toEqual({ notes: [], extended: [] });
    const faults = log.entries.map(({ fields }) => fields.fault).filter(Boolean);
    expect(faults).toEqual(Array.from({ length: 3 }, () => "of a run that is over"));
  });

  test("gets credentials of its own role, of the message that it works on, and none without a role", async () => {
    const asked: string[] = [];
    const role = {
      credentialsFor: async (messageId: string) => {
        asked.push(messageId);
        if (messageId === "refused") throw new Error("AccessDenied: not yours");
        const expiration = new Date(Date.now() + 3_600_000);
        return { accessKeyId: `key of ${messageId}`, secretAccessKey: "secret", sessionToken: "token", expiration };
      },
      close() {},
    };
    const body = `
      if (!context.credentials) return context.progress("none");
      const [one, two] = await Promise.all([context.credentials(), context.credentials()]);
      context.progress(JSON.stringify([one.accessKeyId, two.sessionToken, one.expiration instanceof Date]));
    `;
    const { made } = await pool(body, { role });
    const run = new HandRun();
    expect(await made.run(received("{}", { id: "m-1" }), run)).toEqual({ kind: "done" });
    expect(run.notes).toEqual(['["key of m-1","token",true]']);
    expect(errorOf(await made.run(received("{}", { id: "refused" }), new HandRun()))).toMatch(/not yours/);
    expect(asked).toEqual(["m-1", "refused"]);

    const without = new HandRun();
    const { end } = await pool(body);
    await end({}, without);
    expect(without.notes).toEqual(["none"]);
  });

  test("ends its run by what it returns or throws", async () => {
    const { end } = await module(`
      class Reject extends Error { name = "Reject" }
      class Retry extends Error { name = "Retry"; seconds = 7 }
      class Defer extends Error { name = "Defer"; seconds = 9 }
      export default async ({ body }) => {
        if (body === "reject") throw new Reject("never");
        if (body === "retry") throw new Retry("later");
        if (body === "defer") throw new Defer("database down");
        if (body === "null") throw null;
        if (body === "text") throw "no network";
        if (body === "throw") throw Object.assign(new TypeError("no network"), { code: "ENETDOWN" });
      };`);
    expect(await end("done")).toEqual({ kind: "done" });
    expect(await end("reject")).toEqual({ kind: "reject", reason: "never" });
    expect(await end("defer")).toEqual({ kind: "defer", reason: "database down", afterSeconds: 9 });
    expect(await end("retry")).toMatchObject({ kind: "retry", afterSeconds: 7 });
    const thrown = (await end("throw")) as { error: Error };
    expect(thrown.error).toMatchObject({ name: "TypeError", message: "no network", code: "ENETDOWN" });
    expect(thrown.error.stack).toContain("agent.mjs");
    for (const [body, stack] of [
      ["null", "object: null"],
      ["text", "string: no network"],
    ] as const) {
      expect(((await end(body)) as { error: Error }).error.stack).toBe(stack);
    }
  });

  test("extends, reports, logs, and hears why it is aborted", async () => {
    const { end, log } = await pool(`
      const { signal, extend, progress } = context;
      const before = context.deadline;
      if (!(extend(100) > before)) throw new Error("not extended");
      progress("half");
      console.log("on stdout");
      console.error("on stderr");
      context.log.warn({ err: new RangeError("too far") }, "a line");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      progress("aborted: " + signal.reason.cause);
    `);
    const run = new HandRun();
    const half = run.noted("half");
    const ended = end({}, run);
    await half;
    run.abort("shutdown");
    expect(await ended).toEqual({ kind: "done" });
    expect(run.extended).toEqual([100]);
    expect(run.notes).toEqual(["half", "aborted: shutdown"]);
    expect(log.wrote("stdout")).toEqual(["on stdout"]);
    expect(log.wrote("stderr")).toEqual(["on stderr"]);
    expect(log.entries.find(({ text }) => text === "a line")?.fields.err).toBeInstanceOf(Error);
  });

  test("that imports queuehand gets the part that agents use, and not the worker with its SDK", async () => {
    const path = join(process.cwd(), "examples/order-agent.mjs");
    const { end, log } = await module(
      `import agent from ${JSON.stringify(path)};
      import { createRequire } from "node:module";
      export default { ...agent, async handle(message, context) {
        await agent.handle(message, context);
        const loaded = await import(createRequire(${JSON.stringify(path)}).resolve("queuehand"));
        context.log.info({ names: Object.keys(loaded) }, "loaded");
      } };`,
    );
    expect(await end({ order_id: "A-1", sku: "tea", quantity: 1 })).toEqual({ kind: "done" });
    expect(await end({ order_id: "A-2", sku: "gold", quantity: 1 })).toEqual({
      kind: "reject",
      reason: "no such article: gold",
    });
    const { names } = log.entries.find(({ text }) => text === "loaded")!.fields;
    expect(names).toEqual(expect.arrayContaining(["Defer", "Reject", "Retry", "defineHandler"]));
    expect(names).not.toContain("createWorker");
  });

  test("stays warm from message to message", async () => {
    const { end, log } = await pool("globalThis.count = (globalThis.count ?? 0) + 1; context.log.info(String(count));");
    for (let n = 0; n < 3; n++) await end();
    expect(texts(log)).toEqual(["1", "2", "3"]);
  });

  test("works on one message at a time in each process", async () => {
    const { end, log } = await pool(`
      globalThis.at = (globalThis.at ?? 0) + 1;
      context.log.info(String(at));
      await new Promise((resolve) => setTimeout(resolve, 20));
      globalThis.at--;
    `);
    await Promise.all(Array.from({ length: 8 }, () => end()));
    expect(texts(log)).toEqual(Array(8).fill("1"));
  });

  test.each([
    ["exits", "process.exit(0)", /ended with exit code 0/],
    [
      "throws where nobody catches",
      "setTimeout(() => { throw new Error('stray') }); await new Promise(() => {});",
      /ended with exit code 1/,
    ],
    ["crashes", "process.abort()", /killed by SIGABRT/],
    [
      "exhausts its heap",
      "const all = []; for (;;) all.push(new Array(1e5).fill(1));",
      /killed by SIGABRT, perhaps for want of memory|used more memory than 150 MiB/,
    ],
  ])(
    "costs that message's attempt alone when it %s",
    async (_, harm, error) => {
      const { end } = await pool(
        `if (message.body.harm) { ${harm} } else await new Promise((resolve) => setTimeout(resolve, 300));`,
        { memoryBytesMax: 150 * 2 ** 20 },
      );
      const [harmed, ...others] = await Promise.all([end({ harm: true }), end(), end(), end()]);
      expect(errorOf(harmed!)).toMatch(error);
      expect(others).toEqual(Array(3).fill({ kind: "done" }));
      expect(await end()).toEqual({ kind: "done" });
    },
    30_000,
  );

  test("is killed when it holds more memory than it may, and only that message is tried again", async () => {
    const { end } = await pool(
      "const all = []; for (let n = 0; n < message.body.hold; n++) { all.push(Buffer.alloc(2 ** 20, 1)); await new Promise(setImmediate); } if (all.length) await new Promise(() => setInterval(() => {}, 1000));",
      { memoryBytesMax: 200 * 2 ** 20 },
    );
    const [over, other] = await Promise.all([end({ hold: 300 }), end({ hold: 0 })]);
    expect(errorOf(over!)).toMatch(/was killed: it used more memory than 200 MiB/);
    expect(other).toEqual({ kind: "done" });
  }, 30_000);

  test("is killed in an endless loop once it is aborted, its children too", async () => {
    const { end } = await module(`
      import { spawn } from "node:child_process";
      import { writeFileSync } from "node:fs";
      export default (message, { progress }) => {
        writeFileSync(${JSON.stringify(join(folder, "child"))}, String(spawn("sleep", ["60"], { stdio: "inherit" }).pid));
        progress("looping");
        for (;;);
      };`);
    const run = new HandRun();
    const looping = run.noted("looping");
    const ended = end({}, run);
    await looping;
    run.abort("lease lost");
    expect(errorOf(await ended)).toMatch(/killed by SIGKILL/);
    expect(lives(Number(await readFile(join(folder, "child"), "utf8")))).toBe(false);
  });

  test("is replaced after so many messages, and when it has grown", async () => {
    const source = "globalThis.hold = Buffer.alloc(message.body.bytes ?? 0, 1); context.log.info(String(process.pid));";
    const byCount = await pool(source, { runsMax: 2, slots: 1 });
    for (let n = 0; n < 4; n++) await byCount.end();
    const [first, second, third, fourth] = texts(byCount.log);
    expect([first === second, second === third, third === fourth]).toEqual([true, false, true]);

    const bySize = await pool(source, { residentBytesMax: 200 * 2 ** 20, slots: 1 });
    for (const bytes of [0, 300 * 2 ** 20, 0]) await bySize.end({ bytes });
    const [small, large, fresh] = texts(bySize.log);
    expect([small === large, large === fresh]).toEqual([true, false]);
  }, 30_000);

  test("has no secret of the worker's in its environment, and no channel but its own", async () => {
    const { end, log } = await pool(
      "context.log.info({ names: Object.keys(process.env), send: typeof process.send }, 'seen');",
      {
        environment: {
          PATH: process.env.PATH,
          AWS_SECRET_ACCESS_KEY: "s",
          NODE_OPTIONS: "--no-warnings",
          RUN_X: "1",
          KEPT: "1",
        },
        passOn: ["KEPT"],
      },
    );
    await end();
    const { names, send } = log.entries[0]!.fields as { names: string[]; send: string };
    expect(names.toSorted()).toEqual(["KEPT", "PATH", "QUEUEHAND_RUN_ID", "QUEUEHAND_WORK_DIR", "RUN_X", "TMPDIR"]);
    expect(send).toBe("undefined");
  });
});

describe("A module's own decoder, in a process", () => {
  const AGENT = `export default {
    decode: (raw) => {
      if (raw === "hang") for (;;);
      if (raw === "die") process.exit(9);
      return JSON.parse(Buffer.from(raw, "base64").toString());
    },
    handle: ({ body, raw }, { idempotency, log }) => log.info({ body, raw, idempotency, pid: process.pid }, "ran"),
  };`;
  const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");

  async function guarded(options: Partial<ProcessPoolOptions> = {}, rule = { key: "body:/id" }) {
    const { made, log } = await module(AGENT, options);
    const table = new MemoryIdempotency();
    const once = new OnceHandler({
      handler: made,
      table,
      rule: { payload: undefined, ...rule },
      scope: "tasks",
      leaseMs: () => 60_000,
      keepSeconds: 3_600,
      onError: "closed",
      clock: systemClock,
      telemetry: () => {},
    });
    const end = (raw: string, run = new HandRun()) => once.run(received(raw), run);
    return { end, table, runs: () => log.entries.filter(({ text }) => text === "ran").map(({ fields }) => fields) };
  }

  test.each([
    ["warm", {}],
    ["fresh for each message", { runsMax: 1 }],
  ])("says what the message is before its run, in the same process, %s", async (_, options) => {
    const { end, table, runs } = await guarded(options);
    const one = base64({ id: "7", amount: 5 });
    expect(await end(one)).toEqual({ kind: "done" });
    expect(await end(base64({ amount: 5, id: "7" }))).toEqual({ kind: "done" });
    expect(await end(base64({ id: "7", amount: 6 }))).toMatchObject({ kind: "reject" });
    expect(await end(base64({ amount: 6 }))).toMatchObject({
      kind: "reject",
      reason: expect.stringContaining("no idempotency key"),
    });
    expect(runs()).toMatchObject([{ body: { id: "7", amount: 5 }, raw: one, idempotency: { key: "7", fence: 1 } }]);
    expect([...table.items.keys()]).toEqual(["tasks/7"]);
    // Those that were dropped have left nothing behind: all go on.
    expect(await Promise.all([1, 2, 3, 4, 5, 6].map((id) => end(base64({ id: `n${id}` }))))).toEqual(
      Array(6).fill({ kind: "done" }),
    );
    expect(runs()).toHaveLength(7);
  });

  test("that hangs, dies or throws costs its own message's try, and claims nothing", async () => {
    const { end, table, runs } = await guarded();
    const run = new HandRun();
    const hangs = end("hang", run);
    run.abort("lease lost");
    expect((await hangs).kind).toBe("retry");
    expect(errorOf(await end("die"))).toContain("exit code 9");
    expect(await end("no base64 of JSON")).toMatchObject({
      kind: "reject",
      reason: expect.stringContaining("can't be decoded"),
    });
    expect([...table.items.keys()]).toEqual([]);
    expect(await end(base64({ id: "7" }))).toEqual({ kind: "done" });
    expect(runs()).toHaveLength(1);
  });
});

describe("A fresh process for each message", () => {
  test("shares nothing with the one before, and has ended when its run has", async () => {
    const { end, log } = await pool(
      "globalThis.count = (globalThis.count ?? 0) + 1; context.log.info({ pid: process.pid, count, tmp: process.env.TMPDIR }, 'ran');",
      { runsMax: 1 },
    );
    for (let n = 0; n < 4; n++) {
      await end();
      expect(lives(Number(log.entries.at(-1)!.fields.pid))).toBe(false);
    }
    expect(log.entries.map(({ fields }) => fields.count)).toEqual([1, 1, 1, 1]);
    expect(new Set(log.entries.map(({ fields }) => fields.pid)).size).toBe(4);
    expect(new Set(log.entries.map(({ fields }) => fields.tmp)).size).toBe(4);
  });

  test("takes more messages at once than there are spares", async () => {
    const { end, log } = await pool("context.log.info(String(process.pid));", { runsMax: 1, slots: 8 });
    const ends = await Promise.all(Array.from({ length: 8 }, () => end()));
    expect(ends).toEqual(Array(8).fill({ kind: "done" }));
    expect(new Set(texts(log)).size).toBe(8);
  }, 30_000);
});

describe("A module that can't be loaded", () => {
  test.each([
    ["throws", "throw new Error('no database');", /failed while loading: Error: no database/],
    ["exports no agent", "export default 5;", /exports 5 by default/],
    ["ends its process", "process.exit(3);", /its process ended with exit code 3/],
    ["waits for nothing", "await new Promise(() => {});", /was not loaded to its end: a top-level await in it hangs/],
  ])("stops the start when it %s", async (_, source, message) => {
    await expect(module(source)).rejects.toThrow(message);
  });

  test("later on doesn't cost the message: it is deferred", async () => {
    const { end } = await pool("process.exit(1)", { slots: 1, runsMax: 1 });
    // In one step: a spare may be reading it.
    await writeFile(join(folder, "broken.mjs"), "throw new Error('broken by now');");
    await rename(join(folder, "broken.mjs"), join(folder, "agent.mjs"));
    let outcome = await end();
    for (let n = 0; n < 20 && outcome.kind !== "defer"; n++) outcome = await end();
    expect(outcome).toEqual({ kind: "defer", reason: expect.stringContaining("broken by now") });
  }, 30_000);
});
