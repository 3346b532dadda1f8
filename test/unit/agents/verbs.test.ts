import { describe, expect, test } from "@jest/globals";
import { heed } from "../../../src/agents/program/verbs.js";
import { HandRun } from "../../support/agent-bundle.js";

describe("a program's words on budgets", () => {
  test("took tells the sums of the run", () => {
    const run = new HandRun();
    expect(heed('{"took":{"openai.tokens":1830,"openai":2}}', run)).toEqual({});
    expect(run.totals).toEqual({ "openai.tokens": 1830, openai: 2 });
  });

  test("what the run can't have taken is a fault, and ends nothing", () => {
    const run = new HandRun();
    run.took = () => {
      throw new RangeError("there is no budget x: BUDGETS names them");
    };
    expect(heed('{"took":{"x":1}}', run)).toEqual({ fault: "there is no budget x: BUDGETS names them" });
    expect(heed('{"took":[1]}', run)).toEqual({ fault: "took takes budgets and amounts" });
  });

  test("busy pauses budgets, and the message waits for the longest", () => {
    expect(heed('{"busy":{"openai":2,"crm":5}}', new HandRun())).toEqual({
      outcome: { kind: "defer", reason: "openai, crm is busy", afterSeconds: 5, busy: { openai: 2, crm: 5 } },
    });
    expect(heed('{"busy":{"openai":null}}', new HandRun())).toEqual({
      outcome: { kind: "defer", reason: "openai is busy", busy: { openai: undefined } },
    });
    expect(heed('{"busy":{"openai":2},"reason":"429"}', new HandRun()).outcome).toMatchObject({ reason: "429" });
  });

  test.each(['{"busy":{}}', '{"busy":"openai"}', '{"busy":{"openai":-1}}', '{"busy":{"a b":1}}'])(
    "%s is a plain retry that says what was wrong",
    (line) => {
      expect(heed(line, new HandRun())).toMatchObject({
        fault: expect.stringContaining("busy takes budgets"),
        outcome: { kind: "retry" },
      });
    },
  );
});
