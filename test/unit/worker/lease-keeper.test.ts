import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { LeaseTable } from "../../../src/pipeline/lease/lease-table.js";
import type { Fact } from "../../../src/pipeline/ports/telemetry.js";
import { LeaseKeeper } from "../../../src/worker/lease-keeper.js";
import { transportsOf } from "../../../src/worker/transports.js";

describe("the thread that extends leases", () => {
  // Each is told once that it keeps no process alive.
  const begun = jest.spyOn(Worker.prototype, "unref");
  const threads = () => begun.mock.contexts;
  const facts: Fact[] = [];
  const leases = new LeaseTable(2);
  const keeper = new LeaseKeeper({
    leases,
    queueUrl: "http://127.0.0.1:1/000000000000/none",
    visibilityTimeoutSeconds: 30,
    transports: transportsOf({ SQS: "sdk", DynamoDB: "sdk" }, () => {}),
    telemetry: (fact) => facts.push(fact),
  });

  beforeEach(() => {
    begun.mockClear();
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask", "performance"] });
  });
  afterEach(async () => {
    await keeper.stop();
    jest.useRealTimers();
  });

  test("is started once, and when it died again in a second and no sooner, with what it had taken due again", async () => {
    keeper.start();
    keeper.start();
    expect(threads()).toHaveLength(1);
    const [thread] = threads() as [Worker];
    await once(thread, "online");
    // Far ahead, so that it is never due for the thread itself.
    leases.hold("handle", 0, 1e12);
    expect(leases.takeDue(2e12)).toHaveLength(1);

    await Promise.all([once(thread, "exit"), thread.terminate()]);
    expect(facts).toEqual([
      expect.objectContaining({ kind: "warning", text: expect.stringContaining("started again") }),
    ]);
    expect(leases.takeDue(2e12)).toHaveLength(1);
    for (let receive = 0; receive < 5; receive++) keeper.start();
    jest.advanceTimersByTime(999);
    expect(threads()).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(threads()).toHaveLength(2);
    keeper.start();
    expect(threads()).toHaveLength(2);
  });

  test("is not started after a stop", async () => {
    await keeper.stop();
    keeper.start();
    expect(threads()).toHaveLength(0);
  });
});
