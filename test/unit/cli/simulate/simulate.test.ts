import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { simulate } from "../../../../src/cli/simulate/simulate.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-simulate-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the command and returns what it printed. */
async function output(...argv: string[]): Promise<string> {
  const printed: string[] = [];
  const write = jest.spyOn(process.stdout, "write").mockImplementation((chunk) => printed.push(String(chunk)) > 0);
  try {
    expect(await simulate(argv)).toBe(0);
  } finally {
    write.mockRestore();
  }
  return printed.join("");
}

const short = ["--load", "step:10..100", "--at", "30", "--for", "300", "--slots", "20"];

describe("queuehand simulate", () => {
  test("--json prints one object with what a program needs", async () => {
    const result = JSON.parse(await output(...short, "--json"));
    expect(result).toMatchObject({
      policy: "infra/scaling.yaml",
      messages: expect.any(Number),
      waitSeconds: {
        p50: expect.any(Number),
        p95: expect.any(Number),
        p99: expect.any(Number),
        max: expect.any(Number),
      },
      taskHours: expect.any(Number),
      leastTaskHours: expect.any(Number),
      busyTasksKilled: 0,
      costUsd: expect.any(Number),
      elapsedMs: expect.any(Number),
      messagesPerGroup: 1,
    });
    // 300 + 27,000 messages of 3 s on 20 slots
    expect(result.leastTaskHours).toBeCloseTo((result.messages * 3) / 20 / 3600);
    expect(Math.abs(result.messages - 27_300)).toBeLessThan(1000);
    // 1 vCPU and 2 GB on ARM, and 0.21 calls a message
    expect(result.costUsd).toBeCloseTo(result.taskHours * 0.0395 + (result.messages * 0.21 * 0.4) / 1e6);
  });

  test("without it, charts and a table", async () => {
    const text = await output(...short);
    for (const part of ["arrivals", "waiting", "tasks running", "wait of a message", "p99 s", "infra/scaling.yaml"]) {
      expect(text).toContain(part);
    }
  });

  test("--compare lays the others' policies beside ours", async () => {
    const { compared } = JSON.parse(await output(...short, "--compare", "--json"));
    expect(compared.map(({ policy }: { policy: string }) => policy)).toEqual([
      "infra/scaling.yaml",
      "target tracking on backlog per task",
      "Copilot (backlog per task)",
      "KEDA (queueLength 5)",
      "CDK (default steps)",
    ]);
    expect(new Set(compared.map(({ messages }: { messages: number }) => messages)).size).toBe(1);
  });

  test("--html writes a page that needs nothing but itself", async () => {
    const page = join(folder, "page.html");
    await output(...short, "--compare", "--html", page);
    const html = await readFile(page, "utf8");
    expect(html.match(/<svg /g)).toHaveLength(4);
    expect(html).not.toMatch(/<script|<link|src=|NaN|Infinity|undefined/);
  });

  test("replays a trace, as long as it is", async () => {
    const trace = join(folder, "trace.csv");
    await writeFile(trace, "time,messages\n0,600\n60,6000\n120,600\n");
    for (const seed of ["1", "2"]) {
      const result = JSON.parse(await output("--load", trace, "--seed", seed, "--json"));
      expect(result).toMatchObject({ seconds: 180, messages: 7200 });
    }
  });

  test("takes a trace's gaps as --gaps says", async () => {
    const trace = join(folder, "gaps.csv");
    await writeFile(trace, "time,messages\n0,600\n60,600\n240,600\n");
    const messages = async (gaps: string) =>
      JSON.parse(await output("--load", trace, "--gaps", gaps, "--json")).messages;
    expect(await messages("zero")).toBe(1800);
    expect(await messages("hold")).toBe(3000);
    await expect(simulate(["--load", trace])).rejects.toThrow("line 4: a gap of 180 s");
  });

  test("--set puts parameters into the template", async () => {
    const few = JSON.parse(await output(...short, "--set", "MaxTasks=2", "--json"));
    expect(few.highestTasks).toBe(2);
    const roomy = JSON.parse(
      await output("--load", "constant:100", "--set", "TargetDemand=50", "--for", "60", "--json"),
    );
    expect(roomy.highestTasks).toBe(60);
  });

  test("the same seed gives the same result, another one another", async () => {
    const result = async (seed: string) => {
      const { elapsedMs, ...rest } = JSON.parse(await output(...short, "--seed", seed, "--json"));
      return rest;
    };
    expect(await result("3")).toEqual(await result("3"));
    expect((await result("4")).messages).not.toBe((await result("3")).messages);
  });

  test.each([
    ["a load that is none", ["--load", "wave:1..2"], "a load must be constant:RATE"],
    ["a bad rate", ["--load", "step:1..many"], '"many"'],
    ["a parameter without a value", ["--set", "MaxTasks"], "--set needs NAME=VALUE"],
    ["an unknown parameter", ["--set", "MaxTask=3"], "there is no parameter MaxTask"],
    ["a group that isn't a divisor", ["--group", "3", "--slots", "20"], "--group must divide --slots (20)"],
    ["agents' times of no known shape", ["--agent-times", "normal"], "--agent-times must be"],
    ["gaps taken for nothing known", ["--gaps", "skip"], '--gaps must be refuse or zero or hold, got "skip"'],
    ["a trace that isn't there", ["--load", "no-such.csv"], "no-such.csv"],
    ["a policy that isn't there", ["--policy", "no-such.yaml"], "no-such.yaml"],
    ["slots out of bounds", ["--slots", "0"], "--slots must be a whole number between 1 and 1000"],
  ])("%s is named", async (_, argv, message) => {
    await expect(simulate([...argv, "--for", "10"])).rejects.toThrow(message);
  });

  test("a trace's bad line and a policy's bad resource are named", async () => {
    const trace = join(folder, "backwards.csv");
    await writeFile(trace, "time,messages\n60,1\n0,1\n");
    await expect(simulate(["--load", trace])).rejects.toThrow("backwards.csv, line 3: time must rise");
    const policy = join(folder, "policy.yaml");
    await writeFile(
      policy,
      "Resources:\n  Odd:\n    Type: AWS::ApplicationAutoScaling::ScalingPolicy\n    Properties: { PolicyType: PredictiveScaling }\n",
    );
    await expect(simulate(["--policy", policy])).rejects.toThrow(
      "Odd: a policy of type PredictiveScaling is not simulated",
    );
  });

  test("--help tells every option", async () => {
    const help = await output("--help");
    for (const option of ["--load", "--compare", "--html", "--agent-time-error", "--services", "--json"]) {
      expect(help).toContain(option);
    }
  });
});
