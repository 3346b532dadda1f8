import { describe, expect, test } from "@jest/globals";
import { type ConfigError, loadConfig } from "../../../src/config/config.js";

const load = (env: Record<string, string>) =>
  loadConfig({ SQS_QUEUE_URL: "http://127.0.0.1:1/000000000000/tasks", HANDLER: "./agent.mjs", ...env });

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    load(env);
    return [];
  } catch (error) {
    return (error as ConfigError).faults;
  }
}

describe("BUDGETS", () => {
  test("names rates, and runs at once", () => {
    expect(load({ BUDGETS: "openai=600/min*8, openai.tokens=200000/min,crm=20/s, slow=0.5/h" }).budgets).toEqual([
      { name: "openai", amount: 600, perSeconds: 60, atOnce: 8 },
      { name: "openai.tokens", amount: 200_000, perSeconds: 60 },
      { name: "crm", amount: 20, perSeconds: 1 },
      { name: "slow", amount: 0.5, perSeconds: 3_600 },
    ]);
  });

  test.each([
    ["openai=600/day", 'BUDGETS takes /s, /min or /h for openai, got "day" in "openai=600/day"'],
    ["openai=600", "BUDGETS must be NAME=AMOUNT/s"],
    ["openai", "BUDGETS must be NAME=AMOUNT/s"],
    ["openai=0/s", "BUDGETS needs an amount above 0 for openai"],
    ["openai=-5/s", "BUDGETS needs an amount above 0 for openai"],
    ["openai=1e3/s", "BUDGETS needs an amount above 0 for openai"],
    ["openai=5/s*0", "BUDGETS needs a whole number after * for openai"],
    ["openai=5/s*", "BUDGETS needs a whole number after * for openai"],
    ["a b=5/s", "BUDGETS needs names of letters"],
    ["a=5/s,a=6/s", "BUDGETS names a twice"],
    ["a=5/s,", "BUDGETS must be NAME=AMOUNT/s"],
  ])("%s is refused, and named", (BUDGETS, fault) => {
    expect(faultsOf({ BUDGETS })).toEqual([expect.stringContaining(fault)]);
  });
});

describe("USES", () => {
  test("says what each message takes, 1 unless it is said", () => {
    const env = { BUDGETS: "openai=600/min, openai.tokens=9000/min", USES: "openai, openai.tokens=500" };
    expect(load(env).uses).toEqual({ openai: 1, "openai.tokens": 500 });
  });

  test.each([
    [{ USES: "openai" }, "USES needs BUDGETS, which is unset"],
    [{ BUDGETS: "crm=1/s", USES: "crm, openai" }, "USES names openai, which BUDGETS does not have"],
    [{ BUDGETS: "crm=1/s, openai=1/s", USES: "crm" }, "BUDGETS has openai, which nothing uses"],
    [{ BUDGETS: "crm=5/s", HANDLER: "exec:true" }, "BUDGETS has crm, which nothing uses"],
    [
      { BUDGETS: "crm=5/s", USES: "crm=6" },
      "USES takes 6 of crm for each message, which is more than the whole budget of 5",
    ],
    [{ BUDGETS: "crm=5/s", USES: "crm=x" }, "USES needs an amount of 0 or more for crm"],
    [{ BUDGETS: "crm=5/s", BUDGET_SHARE: "table" }, "BUDGET_SHARE=table needs BUDGET_TABLE, which is unset"],
    [{ BUDGETS: "crm=5/s", BUDGET_TABLE: "keys" }, "BUDGET_TABLE needs BUDGET_SHARE=table"],
  ])("%j is refused, and named", (env, fault) => {
    expect(faultsOf(env as Record<string, string>)).toEqual([expect.stringContaining(fault)]);
  });
});
