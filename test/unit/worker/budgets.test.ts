import { describe, expect, test } from "@jest/globals";
import { defineHandler } from "../../../src/agents/define-handler.js";
import { ESTIMATED, type Estimates } from "../../../src/pipeline/ports/budget.js";
import { sleep } from "../../../src/pipeline/ports/clock.js";
import type { Handler } from "../../../src/pipeline/ports/handler.js";
import { Busy, done } from "../../../src/pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../../src/pipeline/ports/queue.js";
import { type WorkerBundle, workerBundle } from "../../support/worker-bundle.js";

const sendAll = ({ queue }: WorkerBundle, count: number, body = (n: number) => JSON.stringify({ n })) => {
  for (let n = 0; n < count; n++) queue.send(body(n));
};

const receivesAMessage = (bundle: WorkerBundle, messages: number) =>
  bundle.of("received").reduce((sum, { count }) => sum + count, 0) / messages;

/** Uses crm for messages of that kind alone, and notes which kinds have ended. */
const noting = (ended: string[]) =>
  defineHandler({
    uses: { crm: ({ body }) => Number((body as { kind: string }).kind === "crm") },
    handle: ({ body }) => void ended.push((body as { kind: string }).kind),
  });

describe("a budget", () => {
  test("spaces the runs, while what waits holds no slot and its receive is its first", async () => {
    let ran = 0;
    const bundle = workerBundle({
      agent: defineHandler({ uses: { crm: 1 }, handle: () => void ran++ }),
      env: { BUDGETS: "crm=10/s", CONCURRENCY: "20" },
    });
    sendAll(bundle, 200);
    void bundle.start();
    await bundle.clock.advance(10_000);
    expect(ran).toBeGreaterThanOrEqual(98);
    expect(ran).toBeLessThanOrEqual(101);
    const { busy, unbudgeted } = bundle.worker.status();
    expect(busy).toBe(0);
    // No more is in hand than starts soon.
    expect(unbudgeted).toBeLessThanOrEqual(20);
    await bundle.clock.advance(12_000);
    expect(ran).toBe(200);
    expect(receivesAMessage(bundle, 200)).toBe(1);
    expect(bundle.of("settled").every(({ outcome }) => outcome === "done")).toBe(true);
    await bundle.stopped();
    expect(bundle.clock.timers).toBe(0);
  });

  test("says what it keeps waiting, for how long, and which messages these are", async () => {
    const bundle = workerBundle({
      agent: defineHandler({ uses: { crm: 1, other: 1 }, handle: () => {} }),
      env: { BUDGETS: "crm=1/s*4, other=1000/s", CONCURRENCY: "20" },
    });
    void bundle.start();
    await bundle.clock.advance(1_000);
    expect(bundle.worker.status().budgets).toMatchObject([{ waiting: 0, longestWaitSeconds: 0, atOnce: 4 }, {}]);
    sendAll(bundle, 10);
    await bundle.clock.advance(3_500);
    const [crm, other] = bundle.worker.status().budgets!;
    expect(crm).toMatchObject({
      name: "crm",
      spec: { amount: 1, perSeconds: 1, atOnce: 4 },
      running: 0,
      waiting: bundle.worker.status().unbudgeted,
      tableAnswers: undefined,
    });
    expect(crm!.waiting).toBeGreaterThan(0);
    expect(crm!.longestWaitSeconds).toBeGreaterThan(0.4);
    expect(crm!.longestWaitSeconds).toBeLessThanOrEqual(3.5);
    expect(crm!.usedPerSecond).toBeCloseTo(crm!.usedShare);
    expect(other).toMatchObject({ name: "other", waiting: 0, longestWaitSeconds: 0, atOnce: undefined });
    await bundle.stopped();
  });

  test("lets what needs none pass", async () => {
    const ended: string[] = [];
    const bundle = workerBundle({
      agent: noting(ended),
      env: { BUDGETS: "crm=1/s", CONCURRENCY: "4" },
    });
    sendAll(bundle, 100, (n) => JSON.stringify({ kind: n % 5 < 3 ? "crm" : "other" }));
    void bundle.start();
    await bundle.clock.advance(3_000);
    expect(ended.filter((kind) => kind === "other")).toHaveLength(40);
    expect(ended.filter((kind) => kind === "crm").length).toBeLessThanOrEqual(4);
    await bundle.stopped();
  });

  test("is looked behind by degrees while all that has come takes of it", async () => {
    const ended: string[] = [];
    const bundle = workerBundle({
      agent: noting(ended),
      env: { BUDGETS: "crm=1/s", CONCURRENCY: "4" },
    });
    sendAll(bundle, 300, () => JSON.stringify({ kind: "crm" }));
    sendAll(bundle, 40, () => JSON.stringify({ kind: "other" }));
    void bundle.start();
    await bundle.clock.advance(2_000);
    const early = bundle.worker.status().unbudgeted ?? 0;
    expect(early).toBeGreaterThan(20);
    expect(early).toBeLessThan(200);
    await bundle.clock.advance(8_000);
    expect(ended.filter((kind) => kind === "other")).toHaveLength(40);
    expect(ended.filter((kind) => kind === "crm").length).toBeLessThanOrEqual(11);
    await bundle.stopped();
  });

  test("that is slow holds no more than its leases outlast", async () => {
    let ran = 0;
    const bundle = workerBundle({
      agent: defineHandler({ uses: { crm: () => 1 }, handle: () => void ran++ }),
      env: { BUDGETS: "crm=1/h", CONCURRENCY: "2" },
      queue: { maxReceiveCount: 3 },
    });
    sendAll(bundle, 20);
    void bundle.start();
    await bundle.clock.advance(12.5 * 3_600_000);
    expect(ran).toBe(13);
    expect(bundle.worker.status().unbudgeted).toBeLessThanOrEqual(7);
    expect(bundle.of("leaseLost")).toEqual([]);
    await bundle.stopped();
  }, 30_000);

  test("of what only the agent's process can tell is asked of it in a slot, and waited for without one", async () => {
    const asked: string[] = [];
    const ran: string[] = [];
    const tokensOf = ({ body }: ReceivedMessage) => (JSON.parse(body) as { tokens: unknown }).tokens;
    const agent: Handler = {
      uses: { tokens: ESTIMATED },
      async estimate(message) {
        asked.push(message.id);
        return { estimates: { tokens: tokensOf(message) } };
      },
      async run(message) {
        ran.push(message.body);
        return done;
      },
    };
    const bundle = workerBundle({ agent, env: { BUDGETS: "tokens=10/s", CONCURRENCY: "2" } });
    sendAll(bundle, 6, () => '{"tokens":10}');
    sendAll(bundle, 4, () => '{"tokens":0}');
    sendAll(bundle, 1, () => '{"tokens":11}');
    sendAll(bundle, 1, () => '{"tokens":"many"}');
    void bundle.start();
    await bundle.clock.advance(1_500);
    expect(ran.filter((body) => body === '{"tokens":0}')).toHaveLength(4);
    expect(ran.filter((body) => body === '{"tokens":10}')).toHaveLength(1);
    expect(bundle.worker.status()).toMatchObject({ busy: 0, unbudgeted: 5 });
    const rejected = bundle.of("settled").filter(({ outcome }) => outcome === "reject");
    expect(rejected.map(({ cause }) => cause)).toEqual(["11 is more than the whole budget tokens of 10"]);
    await bundle.clock.advance(5_000);
    expect(ran.filter((body) => body === '{"tokens":10}')).toHaveLength(6);
    // Once each; what no run can come of is tried again.
    expect(new Set(asked).size).toBe(12);
    expect(asked.length).toBeLessThanOrEqual(13);
    await bundle.stopped();
    expect(bundle.clock.timers).toBe(0);
  });

  test("goes back at a stop that begins while its agent's process is asked", async () => {
    const { promise, resolve } = Promise.withResolvers<{ estimates: Estimates }>();
    const agent: Handler = {
      uses: { tokens: ESTIMATED },
      estimate: () => promise,
      run: async () => done,
    };
    const bundle = workerBundle({ agent, env: { BUDGETS: "tokens=1/min", CONCURRENCY: "1" } });
    sendAll(bundle, 1);
    void bundle.start();
    await bundle.clock.advance(100);
    const stopped = bundle.stopped();
    resolve({ estimates: { tokens: 1 } });
    expect((await stopped).exitCode).toBe(0);
    expect(bundle.of("released")).toMatchObject([{ cause: "stop" }]);
    expect(bundle.queue.visible()).toBe(1);
  });

  test.each([false, true])("costs none a receive that is asked at a stop with an open poll, FIFO: %p", async (fifo) => {
    const { promise, resolve } = Promise.withResolvers<{ estimates: Estimates }>();
    const agent: Handler = { uses: { tokens: ESTIMATED }, estimate: () => promise, run: async () => done };
    const bundle = workerBundle({ agent, env: { BUDGETS: "tokens=1/h", CONCURRENCY: "4" }, queue: { fifo } });
    const ids = [1, 2, 3].map((n) => bundle.queue.send(`${n}`, fifo ? { groupId: `${n % 2}` } : {}));
    void bundle.start();
    await bundle.clock.advance(3_000);
    expect(bundle.queue.openPolls).toBeGreaterThan(0);
    const stopped = bundle.stopped();
    await bundle.clock.advance(10);
    resolve({ estimates: { tokens: 1 } });
    expect((await stopped).exitCode).toBe(0);
    const left = ids.flatMap((id) => bundle.queue.state(id) ?? []);
    expect(left.length).toBeGreaterThanOrEqual(2);
    expect(left.every(({ receiveCount }) => receiveCount === 1)).toBe(true);
    expect(bundle.queue.inFlight()).toBe(0);
  });

  test("hides none whose agent's process is asked at a stop and never answers", async () => {
    const agent: Handler = {
      uses: { tokens: ESTIMATED },
      estimate: () => new Promise(() => {}),
      run: async () => done,
    };
    const bundle = workerBundle({ agent, env: { BUDGETS: "tokens=1/h", SHUTDOWN_TIMEOUT_SECONDS: "3" } });
    sendAll(bundle, 5);
    void bundle.start();
    await bundle.clock.advance(1_000);
    expect((await bundle.stopped()).exitCode).toBe(75);
    expect(bundle.queue.visible()).toBe(5);
  });

  test("is settled by what a run really took", async () => {
    let ran = 0;
    const bundle = workerBundle({
      agent: defineHandler({
        uses: { tokens: 10 },
        async handle(_message, { take }) {
          ran++;
          await take("tokens", 10);
        },
      }),
      env: { BUDGETS: "tokens=100/s", CONCURRENCY: "20" },
    });
    sendAll(bundle, 100);
    void bundle.start();
    await bundle.clock.advance(10_000);
    expect(ran).toBeGreaterThanOrEqual(48);
    expect(ran).toBeLessThanOrEqual(56);
    await bundle.stopped();
  });

  test("whose function fails for all messages opens the breaker, as an agent does that fails", async () => {
    const bundle = workerBundle({
      agent: defineHandler({
        uses: {
          crm: () => {
            throw new Error("not deployed");
          },
        },
        handle: () => {},
      }),
      env: { BUDGETS: "crm=10/s" },
      queue: { maxReceiveCount: 3 },
    });
    sendAll(bundle, 300);
    void bundle.start();
    await bundle.clock.advance(300_000);
    expect(bundle.of("breaker")).toMatchObject([{ open: true }]);
    expect(bundle.queue.deadLetters.length).toBeLessThan(30);
    await bundle.stopped();
  });

  test("whose function fails once has it asked again under the same lease of a FIFO group", async () => {
    let asked = 0;
    const bundle = workerBundle({
      agent: defineHandler({
        uses: {
          crm: () => {
            if (++asked === 1) throw new Error("not now");
            return 1;
          },
        },
        handle: () => {},
      }),
      env: { BUDGETS: "crm=10/s" },
      queue: { fifo: true },
    });
    bundle.queue.send("{}", { groupId: "a" });
    void bundle.start();
    await bundle.clock.advance(125_000);
    expect(asked).toBe(2);
    expect(bundle.queue.deleted).toHaveLength(1);
    expect(receivesAMessage(bundle, 1)).toBe(1);
    await bundle.stopped();
  });

  test("that is smaller than what a message takes rejects it with the reason", async () => {
    const bundle = workerBundle({
      agent: defineHandler({ uses: { tokens: () => 5_000 }, handle: () => {} }),
      env: { BUDGETS: "tokens=1000/min" },
    });
    sendAll(bundle, 1);
    void bundle.start();
    await bundle.clock.advance(1_000);
    expect(bundle.of("settled")).toMatchObject([
      { outcome: "reject", cause: "5000 is more than the whole budget tokens of 1000" },
    ]);
    await bundle.stopped();
  });

  test("pauses at its provider's word: the message waits under its lease, and its try isn't counted", async () => {
    let calls = 0;
    let ran = 0;
    const bundle = workerBundle({
      agent: defineHandler({
        uses: { crm: 1 },
        handle() {
          if (++calls === 5) throw new Busy("crm", 30);
          ran++;
        },
      }),
      env: { BUDGETS: "crm=10/s", CONCURRENCY: "2" },
      queue: { maxReceiveCount: 2 },
    });
    sendAll(bundle, 20);
    void bundle.start();
    await bundle.clock.advance(20_000);
    expect(ran).toBeLessThanOrEqual(6);
    expect(bundle.of("busy")).toMatchObject([{ budget: "crm", seconds: 30 }]);
    await bundle.clock.advance(30_000);
    expect(ran).toBe(20);
    expect(receivesAMessage(bundle, 20)).toBe(1);
    await bundle.stopped();
  });

  test.each([2, 5])("that is paused keeps nothing hidden at a stop, with %i receives", async (maxReceiveCount) => {
    let calls = 0;
    const bundle = workerBundle({
      agent: defineHandler({
        uses: { crm: 1 },
        handle() {
          if (++calls === 6) throw new Busy("crm", 600);
        },
      }),
      env: { BUDGETS: "crm=10/s", CONCURRENCY: "5" },
      queue: { maxReceiveCount, tellsMaxReceiveCount: true },
    });
    sendAll(bundle, 40);
    void bundle.start();
    await bundle.clock.advance(5_000);
    expect(bundle.worker.status().unbudgeted).toBeGreaterThan(10);
    const before = bundle.clock.monotonic();
    expect((await bundle.stopped()).exitCode).toBe(0);
    expect(bundle.clock.monotonic() - before).toBeLessThanOrEqual(25_000);
    expect(bundle.queue.visible()).toBe(35);
    expect(bundle.clock.timers).toBe(0);
  });

  test("whose provider wants no call for half a day is asked again in an hour, and no receive is spent on that", async () => {
    let calls = 0;
    const bundle = workerBundle({
      agent: defineHandler({
        uses: { crm: 1 },
        handle() {
          if (++calls === 1) throw new Busy("crm", 43_200);
        },
      }),
      env: { BUDGETS: "crm=10/s" },
      queue: { maxReceiveCount: 1 },
    });
    sendAll(bundle, 3);
    void bundle.start();
    await bundle.clock.advance(3_500_000);
    expect(calls).toBe(1);
    await bundle.clock.advance(200_000);
    expect(bundle.queue.deleted).toHaveLength(3);
    expect(bundle.queue.deadLetters).toEqual([]);
    await bundle.stopped();
  });

  test("that only a provider's word names holds for all messages", async () => {
    let calls = 0;
    const bundle = workerBundle({
      agent: async () => {
        if (++calls === 3) throw new Busy("model", 60);
        await sleep(bundle.clock, 100);
      },
      env: { CONCURRENCY: "2" },
    });
    sendAll(bundle, 50);
    void bundle.start();
    await bundle.clock.advance(30_000);
    expect(calls).toBeLessThanOrEqual(5);
    await bundle.clock.advance(90_000);
    expect(calls).toBe(51);
    expect(bundle.of("settled")).toHaveLength(50);
    await bundle.stopped();
    expect(bundle.clock.timers).toBe(0);
  });

  test("that is learned can't be taken by amounts: it counts runs", async () => {
    let calls = 0;
    const bundle = workerBundle({
      agent: async (_message, { took }) => {
        if (++calls === 1) throw new Busy("model", 1);
        if (calls === 2) took({ model: 1e300 });
      },
      env: { CONCURRENCY: "2" },
    });
    sendAll(bundle, 20);
    void bundle.start();
    await bundle.clock.advance(60_000);
    expect(bundle.of("settled").find(({ outcome }) => outcome === "retry")?.cause).toMatchObject({
      message: "there is no budget model: BUDGETS names them",
    });
    expect(bundle.queue.deleted.length).toBeGreaterThanOrEqual(19);
    await bundle.stopped();
  });

  test.each([
    [
      { BUDGETS: "crm=10/s" },
      { other: 1 },
      "the agent uses other, which BUDGETS does not have; BUDGETS has crm, which nothing uses",
    ],
    [{ BUDGETS: "crm=10/s" }, undefined, "BUDGETS has crm, which nothing uses"],
    [{}, { crm: 1 }, "the agent uses crm, which BUDGETS does not have"],
    [{ BUDGETS: "crm=10/s" }, { crm: 11 }, "each message uses 11 is more than the whole budget crm of 10"],
    [{ BUDGETS: "crm=10/s", USES: "crm" }, { crm: 1 }, "USES and the agent's own uses"],
  ])("that doesn't fit its uses is refused at the start: %j, %j", async (env, uses, text) => {
    const bundle = workerBundle({ agent: uses ? defineHandler({ uses, handle() {} }) : () => {}, env });
    await expect(bundle.start()).rejects.toThrow(text);
  });
});
