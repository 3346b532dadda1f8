import { describe, expect, test } from "@jest/globals";
import type { Now } from "../../../src/console/api.js";
import { FleetSource } from "../../../src/console/fleet-source.js";
import { ConsoleBundle } from "../../support/console-bundle.js";
import { FakeClock, settle } from "../../support/fake-clock.js";

/** Workers by address, asked as over HTTP; one that is down rejects. */
function setup(...names: string[]) {
  const clock = new FakeClock();
  const workers = new Map(
    names.map((name) => [`http://${name}:8080`, new ConsoleBundle({ queueName: name.slice(0, 1) })]),
  );
  const down = new Set<string>();
  const fleet = new FleetSource({
    clock,
    targets: async () => [...workers.keys()],
    ask: async (url) => {
      const { origin, pathname, searchParams } = new URL(url);
      const worker = workers.get(origin);
      if (!worker || down.has(origin)) throw new Error("ECONNREFUSED");
      const answer = () => {
        if (pathname === "/api/now") return worker.source.now(0);
        if (pathname === "/api/errors") return worker.source.errors();
        if (pathname === "/api/messages") return worker.source.messages(Object.fromEntries(searchParams));
        const found = worker.source.message(pathname.split("/").at(-1)!);
        if (!found) throw new Error("HTTP 404");
        return found;
      };
      return JSON.parse(JSON.stringify(answer()));
    },
  });
  const tick = async () => {
    fleet.tick();
    await settle();
    for (const worker of workers.values()) worker.source.tick();
    await clock.advance(1_000);
  };
  return { clock, workers, down, fleet, tick, worker: (name: string) => workers.get(`http://${name}:8080`)! };
}

describe("a fleet on one page", () => {
  test("is the sum of its workers, with a row for each", async () => {
    const { fleet, tick, worker } = setup("a1", "a2", "b1");
    await tick();
    await worker("a1").live({ id: "m1" });
    await worker("a2").live({ id: "m2" });
    await worker("b1").live({ id: "m3", outcome: "retry", cause: new Error("no 1") });
    await tick();
    await tick();
    const now = fleet.now(0);
    expect(now).toMatchObject({ queueName: "a, b", tasks: 3, handled: 3, worker: { slots: 12, busy: 9 } });
    expect(now.totals.settled).toMatchObject({ done: 2, retry: 1 });
    expect(now.firstTryMs!.count).toBe(2);
    expect(fleet.rows().map(({ target, queueName, slots }) => [target, queueName, slots])).toEqual([
      ["http://a1:8080", "a", 4],
      ["http://a2:8080", "a", 4],
      ["http://b1:8080", "b", 4],
    ]);
    expect(fleet.history("hour").series.done.reduce<number>((sum, value) => sum + (value ?? 0), 0)).toBe(2);
  });

  test("counts what a slow worker has done once, and not again until it answers anew", async () => {
    const { fleet, tick, worker, clock } = setup("a1");
    await tick();
    await worker("a1").live({ id: "m1" });
    await tick();
    for (let second = 0; second < 3; second++) await tick();
    await clock.advance(1_000);
    const { done } = fleet.history("hour").series;
    expect(done.reduce<number>((sum, value) => sum + (value ?? 0), 0)).toBe(1);
  });

  test("puts errors together, finds messages, and opens one wherever it is", async () => {
    const { fleet, tick, worker } = setup("a1", "a2");
    await worker("a1").live({ id: "m1", outcome: "retry", cause: new Error("no 1") });
    await worker("a2").live({ id: "m2", outcome: "retry", cause: new Error("no 2") });
    await worker("a2").live({ id: "m3" });
    await tick();
    const { groups } = await fleet.errors();
    expect(groups.map(({ error, count }) => [error, count])).toEqual([["Error: no N", 2]]);
    const failed = await fleet.messages({ error: groups[0]!.id });
    expect(failed.messages.map(({ messageId }) => messageId).sort()).toEqual(["m1", "m2"]);
    expect(await fleet.message("m3")).toMatchObject({ messageId: "m3", state: "done" });
    expect(await fleet.message("nobody")).toBeUndefined();
  });

  test("says which worker doesn't answer, and shows the others", async () => {
    const { fleet, tick, down } = setup("a1", "a2");
    await tick();
    down.add("http://a2:8080");
    await tick();
    expect(fleet.now(0)).toMatchObject({ tasks: 1, notReady: ["http://a2:8080: ECONNREFUSED"] });
    expect(fleet.rows()[1]).toEqual({ target: "http://a2:8080", trouble: "ECONNREFUSED" });
    down.clear();
    await tick();
    expect(fleet.now(0)).toMatchObject({ tasks: 2, notReady: [] });
  });

  test("tells each worker's events once, under one count", async () => {
    const { fleet, tick, worker } = setup("a1", "a2");
    worker("a1").tell({ kind: "warning", text: "first" });
    await tick();
    worker("a2").tell({ kind: "warning", text: "second" });
    await tick();
    await tick();
    const told = ({ events }: Now) => events.map(({ number, what }) => [number, what]);
    expect(told(fleet.now(0))).toEqual([
      [1, "a1:8080: first"],
      [2, "a2:8080: second"],
    ]);
    expect(told(fleet.now(1))).toHaveLength(1);
  });

  test("follows workers that come and go", async () => {
    const { fleet, tick, workers } = setup("a1", "a2");
    await tick();
    workers.delete("http://a1:8080");
    for (let second = 0; second < 16; second++) await tick();
    expect(fleet.rows().map(({ target }) => target)).toEqual(["http://a2:8080"]);
    workers.clear();
    for (let second = 0; second < 16; second++) await tick();
    expect(fleet.now(0)).toMatchObject({ tasks: 0, notReady: ["no worker was found"] });
  });
});
