import { Worker } from "node:worker_threads";
import { describe, expect, test } from "@jest/globals";
import { ClaimTable } from "../../../../src/pipeline/lease/claim-table.js";

/** A table, and the one that another thread would have of it. */
function setup(capacity = 3) {
  const claims = new ClaimTable(capacity);
  const lost: string[] = [];
  const hold = (key: string, endsAt = 100) =>
    claims.hold({ key, owner: `owner of ${key}`, fence: 1 }, { endsAt, epoch: 5_000 }, (detail) =>
      lost.push(`${key}: ${detail}`),
    );
  return { claims, other: new ClaimTable(claims.buffer), hold, lost };
}

describe("a table of claims", () => {
  test("shows another thread what is due, the most urgent first", () => {
    const { other, hold } = setup();
    hold("orders/schlüssel/鍵/🔑", 90);
    hold("b", 80);
    hold("later", 120);
    expect(other.due(100)).toEqual([
      { index: 1, generation: 1, key: "b", owner: "owner of b", fence: 1, endsAt: 80, epoch: 5_000 },
      expect.objectContaining({ key: "orders/schlüssel/鍵/🔑", owner: "owner of orders/schlüssel/鍵/🔑" }),
    ]);
  });

  test("tells the holder's side of a new end, and not one of a claim that has ended meanwhile", () => {
    const { claims, other, hold } = setup();
    const held = hold("a");
    const [due] = other.due(1_000);
    other.renewed(due!, 500);
    expect([held.endsAt, claims.due(500)]).toEqual([500, []]);
    held.end();
    const next = hold("b");
    other.renewed(due!, 900);
    expect(next.endsAt).toBe(100);
  });

  test("gives an ended claim's place to the next, and ends none twice", () => {
    const { claims, other, hold } = setup(1);
    for (let n = 0; n < 100; n++) {
      const held = hold(`key ${n}`);
      expect(other.due(1_000).map(({ key }) => key)).toEqual([`key ${n}`]);
      held.end();
      held.end();
      expect([claims.size, other.due(1_000)]).toEqual([0, []]);
    }
    const first = hold("first");
    first.end();
    hold("second");
    first.end();
    expect(other.due(1_000).map(({ key }) => key)).toEqual(["second"]);
    expect(() => hold("third")).toThrow(new RangeError("there are more runs than 1 claims"));
  });

  test("tells a holder once that its claim is lost, and only the holder of that claim", () => {
    const { claims, other, hold, lost } = setup();
    const held = hold("a");
    const [due] = other.due(1_000);
    claims.tellLost(due!.index, due!.generation, "taken over");
    claims.loseExpiring(1_000);
    expect(lost).toEqual(["a: taken over"]);
    held.end();
    hold("b");
    claims.tellLost(due!.index, due!.generation, "taken over");
    expect(lost).toHaveLength(1);
    claims.loseExpiring(100);
    expect(lost).toHaveLength(1);
    claims.loseExpiring(101);
    expect(lost[1]).toBe("b: the claim on its key could not be renewed in time");
  });

  test("takes keys and owners of 1,024 bytes, and no longer ones", () => {
    const { claims, other } = setup();
    const until = { endsAt: 1, epoch: 0 };
    const full = "k".repeat(1_024);
    claims.hold({ key: full, owner: full, fence: 2 ** 40 }, until, () => {});
    expect(other.due(10)).toMatchObject([{ key: full, owner: full, fence: 2 ** 40 }]);
    expect(() => claims.hold({ key: `${full}k`, owner: "o", fence: 1 }, until, () => {})).toThrow(RangeError);
    expect(claims.size).toBe(1);
  });

  test("never shows half of a claim to a thread that reads while places change hands", async () => {
    const { claims } = setup(2);
    const reader = new Worker(
      `const { parentPort, workerData } = require("node:worker_threads");
       import(workerData.module).then(({ ClaimTable }) => {
         const claims = new ClaimTable(workerData.buffer);
         parentPort.postMessage("ready");
         let seen = 0, torn = 0;
         const end = Date.now() + 500;
         while (Date.now() < end) for (const { key, owner, fence, epoch } of claims.due(Infinity)) {
           seen++;
           if (owner !== "owner of " + key || key !== "key ".repeat(fence % 9 + 1) + fence || epoch !== fence) torn++;
         }
         parentPort.postMessage({ seen, torn });
       });`,
      {
        eval: true,
        workerData: {
          buffer: claims.buffer,
          module: new URL("../../../../src/pipeline/lease/claim-table.js", import.meta.url).href,
        },
      },
    );
    const said: unknown[] = [];
    reader.on("message", (message) => said.push(message));
    while (said.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let fence = 1; said.length < 2; fence++) {
      const key = `${"key ".repeat((fence % 9) + 1)}${fence}`;
      const claim = { key, owner: `owner of ${key}`, fence };
      const held = claims.hold(claim, { endsAt: 0, epoch: fence }, () => {});
      if (fence % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      held.end();
    }
    await reader.terminate();
    expect(said[1]).toMatchObject({ torn: 0 });
    expect((said[1] as { seen: number }).seen).toBeGreaterThan(100);
  });
});
