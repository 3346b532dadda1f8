import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { containerSuite } from "../support/container-suite.js";
import { ElasticMq } from "../support/elasticmq.js";
import { eventually } from "../support/eventually.js";
import { LedgerBundle, type Task } from "../support/ledger-bundle.js";
import { randomFrom } from "../support/random.js";

/** Longer than two leases: a worker that lets go of what waits has spent all three receives of a message by then. */
const HANG_MS = 40_000;

const tasks = (kind: string, count: number, of: () => Omit<Task, "name"> = () => ({})): Task[] =>
  Array.from({ length: count }, (_, n) => ({ name: `${kind} ${n}`, ...of() }));

containerSuite("a receive is spent for a run, with workers in processes on ElasticMQ,", () => {
  let server: ElasticMq;
  beforeAll(async () => {
    server = await ElasticMq.start();
  }, 120_000);
  afterAll(() => server?.stop());

  const emptied = (bundle: LedgerBundle) =>
    eventually(
      () => bundle.left(),
      (left) => left === 0,
    );

  async function expectEachDoneByOneRun(bundle: LedgerBundle, sent: readonly Task[]) {
    await emptied(bundle);
    const names = sent.map(({ name }) => name).toSorted();
    const { began, done } = await bundle.ledger();
    expect(await bundle.dead()).toEqual([]);
    expect(began.toSorted()).toEqual(names);
    expect(done.toSorted()).toEqual(names);
  }

  test("where a FIFO head always fails: it alone is dead, after three runs, and its followers are done behind it", async () => {
    await using bundle = await LedgerBundle.start(server, { fifo: true, maxReceiveCount: 3 });
    await bundle.send([{ name: "head", fails: true }, { name: "second" }, { name: "third" }]);
    const worker = await bundle.run({ RETRY_BACKOFF_SECONDS: "1,1" });
    await emptied(bundle);
    worker.kill("SIGTERM");
    expect(await worker.exited).toBe(0);
    expect(await bundle.ledger()).toEqual({
      began: ["head", "head", "head", "second", "third"],
      done: ["second", "third"],
    });
    expect(await bundle.dead()).toEqual(["head"]);
  }, 90_000);

  test("under ten deployments: each message is done by one run, and none is dead", async () => {
    await using bundle = await LedgerBundle.start(server, { maxReceiveCount: 3 });
    const random = randomFrom(11);
    const sent = tasks("task", 400, () => ({ ms: 50 + Math.floor(450 * random()) }));
    await bundle.send(sent);
    for (let deployment = 1; deployment <= 10; deployment++) {
      const worker = await bundle.run({ CONCURRENCY: "10" });
      // About a second's work of all slots, so that each deployment finds some; dead messages never begin.
      const at = async () => ({ began: (await bundle.ledger()).began.length, left: await bundle.left() });
      await eventually(at, ({ began, left }) => began >= 35 * deployment || left === 0);
      worker.kill("SIGTERM");
      expect(await worker.exited).toBe(0);
    }
    await bundle.run({ CONCURRENCY: "10" });
    await expectEachDoneByOneRun(bundle, sent);
  }, 120_000);

  test("where fast agents suddenly hang: what waits for a slot meanwhile is done by one run each, and none is dead", async () => {
    await using bundle = await LedgerBundle.start(server, { maxReceiveCount: 3 });
    const fast = tasks("fast", 300, () => ({ ms: 5 }));
    const hanging = tasks("hanging", 60, () => ({ hangs: true }));
    await bundle.run({ CONCURRENCY: "10" });
    await bundle.send(fast);
    await emptied(bundle);
    await bundle.send(hanging);
    await sleep(HANG_MS);
    await bundle.release();
    await expectEachDoneByOneRun(bundle, [...fast, ...hanging]);
  }, 120_000);
});
