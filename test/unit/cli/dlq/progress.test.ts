import { describe, expect, test } from "@jest/globals";
import { Progress } from "../../../../src/cli/dlq/progress.js";
import { FakeClock } from "../../../support/fake-clock.js";

async function setup(isTTY: boolean) {
  const written: string[] = [];
  const clock = new FakeClock();
  const screen = { isTTY, columns: 120, write: (text: string) => written.push(text) };
  return { written, clock, progress: new Progress("sending", 400, false, screen, clock) };
}

describe("How far long work is", () => {
  test("is a bar on a terminal, and goes away", async () => {
    const { written, clock, progress } = await setup(true);
    await clock.advance(1_000);
    progress.show(100);
    expect(written.join("")).toContain(
      "sending [#######.....................] 25 % · 100 of about 400 · 100/s · 3 s left",
    );
    progress.end();
    expect(written.at(-1)).toContain("\u001B[2K");
  });

  test("is a plain line now and then elsewhere, and nothing for what is soon over", async () => {
    const { written, clock, progress } = await setup(false);
    for (let second = 1; second <= 25; second++) {
      await clock.advance(1_000);
      progress.show(10 * second);
    }
    progress.end();
    expect(written).toEqual([
      "sending: 25 % · 100 of about 400 · 10/s · 30 s left\n",
      "sending: 50 % · 200 of about 400 · 10/s · 20 s left\n",
    ]);
  });
});
