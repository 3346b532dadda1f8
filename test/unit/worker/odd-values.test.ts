import { describe, expect, test } from "@jest/globals";
import { createLogger } from "../../../src/observe/log.js";
import type { LogOutput } from "../../../src/observe/log-output.js";
import { Reject } from "../../../src/pipeline/ports/outcome.js";
import { memoryLog } from "../../support/memory-log.js";
import { ODD_THROWS } from "../../support/odd-throws.js";
import { type WorkerBundleOptions, workerBundle } from "../../support/worker-bundle.js";

const names = Object.keys(ODD_THROWS);

function bundle(options: WorkerBundleOptions = {}) {
  const log = memoryLog("debug");
  const made = workerBundle({ logger: log.logger, ...options });
  return { ...made, ...log };
}

describe("an agent that throws", () => {
  test.each(names)("%s fails alone: its message is retried and told of once, the others are done", async (name) => {
    const { clock, queue, start, stopped, of, lines } = bundle({
      agent: ({ raw }) => {
        if (raw === "odd") throw ODD_THROWS[name]!();
      },
    });
    for (const body of ["a", "odd", "b"]) queue.send(body);
    void start();
    await clock.advance(5_000);
    expect(queue.deleted.map(({ body }) => body).sort()).toEqual(["a", "b"]);
    const told = lines().filter(({ outcome }) => outcome === "retry");
    expect(told).toMatchObject([{ level: "warn", msg: "message settled" }]);
    expect(of("warning")).toEqual([]);
    expect((await stopped()).exitCode).toBe(0);
    expect(queue.ids()).toHaveLength(1);
  });

  test.each(names)("%s at its last receive leaves a reason that is text", async (name) => {
    const { clock, queue, start, stopped } = bundle({
      agent: () => {
        throw ODD_THROWS[name]!();
      },
      queue: { maxReceiveCount: 1, tellsMaxReceiveCount: true },
    });
    queue.send("odd");
    void start();
    await clock.advance(5_000);
    expect(queue.deadLetters).toMatchObject([
      { by: "copy", reason: expect.stringMatching(/^gave up after 1 receives: /) },
    ]);
    await stopped();
  });
});

describe("what an agent throws after its end", () => {
  test.each(names)("%s drains the worker, which exits with 1", async (name) => {
    const { clock, start, lines } = bundle();
    const run = start();
    await clock.advance(100);
    (process as NodeJS.EventEmitter).emit("uncaughtException", ODD_THROWS[name]!());
    await clock.advance(30_000);
    expect((await run).exitCode).toBe(1);
    expect(lines().filter(({ msg }) => /caught by nobody/.test(String(msg)))).toHaveLength(1);
  });
});

describe("an agent's log", () => {
  test.each(names)("bears %s among its fields", async (name) => {
    const { clock, queue, start, stopped, lines } = bundle({
      agent: (_message, { log, progress }) => {
        const odd = ODD_THROWS[name]!();
        for (const fields of [{ err: odd }, { error: odd }, { odd }, odd as object]) log.info(fields, "told");
        (log.info as (...anything: unknown[]) => void)("told", odd);
        progress(odd as string);
      },
    });
    queue.send("x");
    void start();
    await clock.advance(100);
    expect(queue.deleted).toHaveLength(1);
    expect(lines().filter(({ msg }) => /told/.test(String(msg))).length).toBeGreaterThanOrEqual(3);
    await stopped();
  });
});

describe("a listener of facts that throws", () => {
  test("touches no message, and is told of once", async () => {
    const { clock, queue, start, stopped, of, lines } = bundle({
      agent: ({ raw }) => {
        if (raw === "bad") throw new Reject("never");
      },
      listener: () => {
        throw Object.create(null);
      },
    });
    for (const body of ["a", "bad", "b"]) queue.send(body);
    void start();
    await clock.advance(5_000);
    expect(queue.deleted).toHaveLength(3);
    expect(queue.deadLetters).toHaveLength(1);
    expect(
      of("settled")
        .map(({ outcome, certain }) => `${outcome} ${certain}`)
        .sort(),
    ).toEqual(["done true", "done true", "reject true"]);
    expect(lines().filter(({ msg }) => /listener of facts/.test(String(msg)))).toHaveLength(1);
    expect((await stopped()).exitCode).toBe(0);
  });
});

test("a listener of facts can't change what later facts say of a message", async () => {
  const { clock, queue, start, stopped, of } = bundle({
    listener: (fact) => {
      if ("delivery" in fact) (fact.delivery as { messageId: string }).messageId = "another";
    },
  });
  const id = queue.send("x");
  void start();
  await clock.advance(5_000);
  expect(of("settled")).toMatchObject([{ outcome: "done", delivery: { messageId: id } }]);
  await stopped();
});

describe("a log of one's own that throws", () => {
  test("touches no message, is told of once to the others, and doesn't end the worker", async () => {
    const output = {
      write() {
        throw Object.create(null);
      },
    } as unknown as LogOutput;
    const { clock, queue, start, stopped, of } = workerBundle({ logger: createLogger({ level: "debug", output }) });
    for (const body of ["a", "b"]) queue.send(body);
    void start();
    // Past two summaries.
    await clock.advance(25_000);
    queue.send("c");
    await clock.advance(5_000);
    expect(queue.deleted).toHaveLength(3);
    expect(of("settled").every(({ outcome, certain }) => outcome === "done" && certain)).toBe(true);
    expect(of("warning")).toMatchObject([{ text: expect.stringContaining("listener of facts") }]);
    expect((await stopped()).exitCode).toBe(0);
  });
});

describe("a queue of one's own whose calls reject", () => {
  test.each(["undefined", "symbol", "nullProto", "toStringThrows", "messageGetter"])(
    "with %s is asked again",
    async (name) => {
      const { clock, queue, start, stopped } = bundle();
      const remove = queue.delete.bind(queue);
      let calls = 0;
      queue.delete = async (...given) => {
        if (calls++ === 0) throw ODD_THROWS[name]!();
        return remove(...given);
      };
      queue.send("x");
      void start();
      await clock.advance(5_000);
      expect(queue.deleted).toHaveLength(1);
      expect((await stopped()).exitCode).toBe(0);
    },
  );
});

describe("a handler of one's own", () => {
  test.each([[undefined], [{ kind: "retry", afterSeconds: Number.NaN }], [{ kind: "reject", reason: { a: 1 } }]])(
    "that resolves with %j has its message retried",
    async (outcome) => {
      const { clock, queue, start, stopped, of } = bundle({ agent: { run: async () => outcome as never } });
      queue.send("x");
      void start();
      await clock.advance(5_000);
      expect(of("settled")).toMatchObject([{ outcome: "retry", certain: true }]);
      expect(queue.ids()).toHaveLength(1);
      await stopped();
    },
  );
});
