import { describe, expect, test } from "@jest/globals";
import { Poller } from "../../../../src/pipeline/poll/poller.js";
import { FakeClock } from "../../../support/fake-clock.js";

describe("an empty answer", () => {
  test("of a server that doesn't wait is no reason to ask without end", async () => {
    const clock = new FakeClock();
    let receives = 0;
    const poller = new Poller({
      queue: {
        receive: async () => {
          receives++;
          return [];
        },
      },
      clock,
      telemetry: () => {},
      maxMessages: 10,
      waitSeconds: 20,
      demand: () => ({ room: 10, idleSlots: 10, step: 10 }),
      accept: () => {},
      onFatal: () => {},
    });
    poller.start();
    await clock.advance(10_000);
    await poller.stop();
    expect(receives).toBeGreaterThan(1);
    expect(receives).toBeLessThan(100);
  });
});
