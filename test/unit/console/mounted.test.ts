import { afterEach, describe, expect, test } from "@jest/globals";
import type { Opening } from "../../../src/console/api.js";
import { eventually } from "../../support/eventually.js";
import { type WorkerBundle, workerBundle } from "../../support/worker-bundle.js";

let bundle: WorkerBundle | undefined;
// Also after a failure: an open port would keep the test's process alive.
afterEach(() => bundle?.stopped());

describe("a worker with an HTTP port", () => {
  test("shows its failures on its console, never a body, and leaves no timer behind", async () => {
    bundle = workerBundle({
      env: { HTTP_PORT: "0", LOG_BODIES: "true" },
      agent: ({ body }) => {
        if (body === "poison") throw new Error("model endpoint answered 503");
      },
    });
    const { clock, queue, start, stopped, of } = bundle;
    queue.send("well");
    queue.send("poison");
    void start();
    await clock.advance(3_000);
    const [address] = await eventually(
      async () => of("listening"),
      ({ length }) => length > 0,
    );
    const { port } = address!;
    const text = await (await fetch(`http://127.0.0.1:${port}/api/now`)).text();
    const state = JSON.parse(text) as Opening;
    expect(state).toMatchObject({ queueName: "tasks", worker: { state: "running" }, handled: 2 });
    expect(state.totals.settled).toMatchObject({ done: 1, retry: 1 });
    expect(state.events.map(({ what, detail }) => [what, detail])).toEqual([
      ["worker starting", "10 slots of ./unused.mjs on the queue tasks"],
      ["worker running", undefined],
      ["failed, is retried", "Error: model endpoint answered 503"],
    ]);
    expect(text).not.toContain("poison");
    expect((await fetch(`http://127.0.0.1:${port}/`)).headers.get("content-type")).toContain("text/html");
    expect((await stopped()).exitCode).toBe(0);
    expect(clock.timers).toBe(0);
  });
});
