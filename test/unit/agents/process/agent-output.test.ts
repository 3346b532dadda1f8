import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { AgentOutput } from "../../../../src/agents/process/agent-output.js";
import { printable } from "../../../../src/text/printable.js";
import { KeptLog } from "../../../support/agent-bundle.js";

function output() {
  const log = new KeptLog();
  const clock = { now: 0 };
  const made = new AgentOutput(log.logFor, () => clock.now);
  const stdout = new PassThrough();
  made.read(stdout, "stdout");
  return { log, clock, made, stdout };
}

describe("An agent's output", () => {
  test("makes so many log lines at once and so many more a second", async () => {
    const { log, clock, made, stdout } = output();
    stdout.write("line\n".repeat(1_000));
    await turn();
    expect(log.entries).toHaveLength(200);
    clock.now += 1_000;
    stdout.write("line\n".repeat(1_000));
    await turn();
    expect(log.entries).toHaveLength(250);
    made.finish();
    expect(log.entries.at(-1)).toMatchObject({ level: "warn", fields: { lines: 1_750 } });
  });

  test("counts what it doesn't even look at once it is out of breath", async () => {
    const { log, made, stdout } = output();
    stdout.write("line\n".repeat(200));
    stdout.write("x".repeat(1_000_000));
    await turn();
    made.finish();
    expect(log.entries.at(-1)!.fields.bytes).toBe(1_000_000);
  });

  test("asks for its log only when there is something to tell", async () => {
    let asked = 0;
    const made = new AgentOutput(() => {
      asked++;
      return new KeptLog().logFor();
    });
    const stdout = new PassThrough();
    made.read(stdout, "stdout");
    stdout.end("\n  \n");
    await turn();
    made.finish();
    expect(asked).toBe(0);
  });
});

describe("Text that is fit to be printed", () => {
  test.each([
    ["plain \ttext", "plain \ttext"],
    ["\u001b[1;31mred\u001b[0m", "red"],
    ["\u001b]0;title\u0007", "\\u001b]0;title\\u0007"],
    ["one\ntwo\r\u2028three", "one\\u000atwo\\u000d\\u2028three"],
    ["\u009b31m \u007f \u202eevil", "\\u009b31m \\u007f \\u202eevil"],
    ["ü 漢 👍", "ü 漢 👍"],
  ])("%j", (text, printed) => {
    expect(printable(text)).toBe(printed);
  });

  test("is cut, and says by how much", () => {
    expect(printable("x".repeat(30), 10)).toBe("xxxxxxxxxx… (20 more)");
    expect(printable("\u0000".repeat(30), 10)).toBe("\\u0000\\u00…");
  });
});
