import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { WorkerContainer } from "../support/image.js";
import { imageSuite } from "../support/image-suite.js";
import { EMPTY, LocalStack, type QueuePair } from "../support/localstack.js";
import { Toxiproxy } from "../support/toxiproxy.js";

/** An answer that got lost leaves its messages hidden for the visibility timeout, which is 15 s here. */
const PATIENCE_MS = 90_000;

imageSuite("a worker whose connections to the queue are bad", (bundle) => {
  let proxy: Toxiproxy;
  beforeAll(async () => {
    proxy = await Toxiproxy.start(bundle.localStack.network, LocalStack.upstream);
  }, 60_000);
  afterEach(() => proxy.heal());
  afterAll(() => proxy?.stop());

  async function startWorker(queue: QueuePair): Promise<WorkerContainer> {
    const worker = await bundle.startWorker(queue, { AWS_ENDPOINT_URL: `http://${Toxiproxy.address}` });
    await worker.running();
    return worker;
  }

  const tasks = (count: number) => Array.from({ length: count }, (_, n) => `task-${String(n).padStart(3, "0")}`);

  /** Every message was done once, and nothing is left anywhere. */
  async function expectEachOnce(worker: WorkerContainer, queue: QueuePair, taskIds: readonly string[]) {
    await worker.bringsAbout(bundle.localStack.countsBecome(queue.url, EMPTY, PATIENCE_MS));
    expect(worker.tasksDone().toSorted()).toEqual(taskIds);
    expect(await bundle.localStack.counts(queue.deadLetterUrl)).toEqual(EMPTY);
    await proxy.heal();
    await worker.signal("SIGTERM");
    expect(await worker.end()).toMatchObject({ exitCode: 0 });
  }

  test("does each message once although every connection is cut again and again", async () => {
    const queue = await bundle.localStack.createQueues("cut", { maxReceiveCount: 50 });
    const worker = await startWorker(queue);
    const taskIds = tasks(60);
    await bundle.localStack.sendTasks(queue, taskIds, 400);

    for (let cuts = 0; cuts < 5; cuts++) {
      await sleep(500);
      await proxy.cut();
      await sleep(500);
      await proxy.heal();
    }
    await expectEachOnce(worker, queue, taskIds);
    expect(worker.lines.where(({ fields }) => fields.msg === "receive failed").length).toBeGreaterThan(0);
  }, 180_000);

  test("deletes what an agent finished while the queue could not be reached", async () => {
    const queue = await bundle.localStack.createQueues("away", { maxReceiveCount: 50 });
    const worker = await startWorker(queue);
    const taskIds = tasks(8);
    await bundle.localStack.sendTasks(queue, taskIds, 1500);
    await worker.started(taskIds.length);

    await proxy.cut();
    await worker.done(taskIds.length);
    await proxy.heal();
    await expectEachOnce(worker, queue, taskIds);
  }, 180_000);

  describe.each([
    ["slow by half a second", { type: "latency", attributes: { latency: 500, jitter: 200 } }],
    ["narrow, 20 KB a second", { type: "bandwidth", attributes: { rate: 20 } }],
    ["sliced into pieces of 50 bytes", { type: "slicer", attributes: { average_size: 50, delay: 200 } }],
  ] as const)("with answers that are %s", (_, toxic) => {
    test("does each message once", async () => {
      const queue = await bundle.localStack.createQueues(`slow-${toxic.type}`, { maxReceiveCount: 50 });
      const worker = await startWorker(queue);
      await proxy.add(toxic);
      const taskIds = tasks(40);
      await bundle.localStack.sendTasks(queue, taskIds, 100);
      await expectEachOnce(worker, queue, taskIds);
    }, 180_000);
  });

  describe.each([
    ["torn in mid-body", { type: "limit_data", attributes: { bytes: 1500 } }],
    ["reset before they come", { type: "reset_peer", attributes: { timeout: 30 } }],
  ] as const)("with answers that are %s", (_, toxic) => {
    test("does each message once", async () => {
      const queue = await bundle.localStack.createQueues(`torn-${toxic.type.replace("_", "-")}`, {
        maxReceiveCount: 50,
      });
      const worker = await startWorker(queue);
      await proxy.add(toxic);
      const taskIds = tasks(40);
      await bundle.localStack.sendTasks(queue, taskIds, 100);
      await worker.lines.first(({ fields }) => fields.msg === "receive failed" || fields.msg === "settling failed");
      await sleep(5000);
      await proxy.heal();
      await expectEachOnce(worker, queue, taskIds);
    }, 180_000);
  });
});
