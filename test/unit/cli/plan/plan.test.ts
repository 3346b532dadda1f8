import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { AGENT_MEMORY_LADDER, CONCURRENCY_LADDER, MAX_TASKS_LADDER } from "../../../../src/cli/plan/parameters.js";
import { plan } from "../../../../src/cli/plan/plan.js";
import { ownTemplate } from "../../../../src/cli/simulate/policy-source.js";
import { PRICES } from "../../../../src/scaling/prices.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-plan-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the command and returns what it printed. */
async function output(...argv: string[]): Promise<string> {
  const printed: string[] = [];
  const write = jest.spyOn(process.stdout, "write").mockImplementation((chunk) => printed.push(String(chunk)) > 0);
  try {
    expect(await plan(argv)).toBe(0);
  } finally {
    write.mockRestore();
  }
  return printed.join("");
}

describe("queuehand plan", () => {
  test("sizes 10,000 messages a second of 3 s: 30,000 slots, 1,500 tasks", async () => {
    const planned = JSON.parse(await output("--rate", "10000", "--agent-seconds", "3", "--json"));
    expect(planned).toMatchObject({ slots: 30_000, chosen: { slotsPerTask: 20, tasks: 1500 } });
    expect(planned.chosen.bill.fargate).toBeCloseTo(1500 * 730 * 0.0395, 0);
    expect(planned.prices).toEqual({ date: PRICES.date, region: "us-east-1" });
  });

  test("tells people the same, with quotas and the lines that raise them", async () => {
    const text = await output("--rate", "10000", "--agent-seconds", "3");
    for (const part of ["30.0k slots", "1500 tasks", "request-service-quota-increase", "subnets of /22", "Lambda"]) {
      expect(text).toContain(part);
    }
  });

  test("--out writes parameters as CloudFormation reads them", async () => {
    const out = join(folder, "params.json");
    await output("--rate", "1000", "--slots", "50", "--spot", "0.75", "--target", "80", "--out", out);
    const list: { ParameterKey: string; ParameterValue: string }[] = JSON.parse(await readFile(out, "utf8"));
    const values = Object.fromEntries(list.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]));
    // 1,000 × 3 ÷ 0.8 ÷ 50 = 75 tasks, and 105 with room for a backlog
    expect(values).toMatchObject({
      Concurrency: "50",
      MaxTasks: "200",
      SpotWeight: "3",
      Services: "1",
      Kind: "standard",
      Architecture: "ARM64",
    });
  });

  test("writes only parameters and values that the root template takes", async () => {
    const infra = dirname(ownTemplate());
    const [root, task] = await Promise.all(
      ["root.yaml", "task.yaml"].map((name) => readFile(join(infra, name), "utf8")),
    );
    const allowed = (template: string, name: string) =>
      new RegExp(`^ {2}${name}:[^\\n]*AllowedValues: \\[([^\\]]*)\\]`, "m")
        .exec(template)?.[1]
        ?.split(/,\s*/)
        .map((value) => value.replaceAll('"', ""))
        .filter((value) => value !== "")
        .map(Number);
    expect(allowed(root!, "MaxTasks")).toEqual(MAX_TASKS_LADDER);
    expect(allowed(root!, "AgentMemory")).toEqual(AGENT_MEMORY_LADDER);
    expect(allowed(task!, "Concurrency")).toEqual(CONCURRENCY_LADDER);
    expect(allowed(root!, "Services")!.at(-1)).toBe(3);
    const { parameters } = JSON.parse(await output("--rate", "10", "--json"));
    for (const name of Object.keys(parameters)) expect(root).toMatch(new RegExp(`^ {2}${name}:`, "m"));
  });

  test("takes other prices", async () => {
    const prices = join(folder, "prices.json");
    await writeFile(prices, JSON.stringify({ ...PRICES, sqs: { ...PRICES.sqs, standardMillion: 4 } }));
    const planned = JSON.parse(await output("--rate", "100", "--prices", prices, "--json"));
    expect(planned.chosen.bill.sqs).toBeCloseTo((100 * 730 * 3600 * 0.21 * 4) / 1e6);
  });

  test.each([
    ["a rate of nothing", ["--rate", "0"], "--rate must be a number between 0.001"],
    [
      "a mean above the highest rate",
      ["--rate", "10", "--mean-rate", "20"],
      "--mean-rate must be a number between 0 and 10",
    ],
    ["a kind of queue that isn't there", ["--queue", "topic"], "--queue must be standard or fair or fifo"],
    ["prices that aren't there", ["--prices", "no-such.json"], "no-such.json"],
  ])("%s is named", async (_, argv, message) => {
    await expect(plan(argv)).rejects.toThrow(message);
  });

  test("prices that are none are named", async () => {
    const prices = join(folder, "bad.json");
    await writeFile(prices, JSON.stringify({ ...PRICES, sqs: {} }));
    await expect(plan(["--prices", prices])).rejects.toThrow(
      "sqs.standardMillion must be a number not below 0, got nothing",
    );
  });

  test("--help tells every option", async () => {
    expect(await output("--help")).toContain("--agent-cpu-seconds");
  });
});
