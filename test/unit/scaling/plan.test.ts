import { describe, expect, test } from "@jest/globals";
import { type PlanInput, planFleet } from "../../../src/scaling/plan.js";
import { PRICES, parsePrices } from "../../../src/scaling/prices.js";

const input: PlanInput = {
  messagesPerSecond: 10_000,
  meanMessagesPerSecond: 10_000,
  agentSeconds: 3,
  targetPercent: 100,
  agentMemoryMiB: 16,
  agentCpuSeconds: 0.01,
  startSeconds: 45,
  services: 1,
  lambdaMemoryMiB: 128,
  slotsPerTask: [1, 20, 50],
  prices: PRICES,
  size: { architecture: "ARM64", cpuUnits: 1024, memoryMiB: 2048 },
  spotShare: 0,
  messageBytes: 1000,
  callsPerMessage: 0.2,
  queue: "standard",
  metricsIntervalSeconds: 10,
  logBytesPerMessage: 0,
  network: { kind: "endpoints", zones: 3 },
};

/** Within one per cent of what a hand calculation says. */
function expectNear(value: number, byHand: number) {
  expect(Math.abs(value / byHand - 1)).toBeLessThan(0.01);
}

describe("a plan agrees with a hand calculation", () => {
  test("slots by Little's law, tasks by slots", () => {
    const plan = planFleet(input);
    expect(plan.busySlots).toBe(30_000);
    expect(plan.rows.map(({ tasks }) => tasks)).toEqual([30_000, 1500, 600]);
    expect(planFleet({ ...input, targetPercent: 80 }).rows.map(({ tasks }) => tasks)).toEqual([37_500, 1875, 750]);
  });

  test("Fargate: $865k a month with 1 slot a task, $43k with 20, $17k with 50", () => {
    const [one, twenty, fifty] = planFleet(input).rows;
    // 1,500 × 730 h × ($0.03238 + 2 × $0.00356)
    expectNear(twenty!.bill.fargate, 43_252);
    expectNear(one!.bill.fargate, 865_000);
    expectNear(fifty!.bill.fargate, 17_300);
  });

  test("x86 and Spot by their own prices", () => {
    const x86 = planFleet({ ...input, size: { ...input.size, architecture: "X86_64" } }).rows[1]!;
    // 1,500 × 730 × ($0.04048 + 2 × $0.004445)
    expectNear(x86.bill.fargate, 54_060);
    // 70 % of the tasks at 30 % of the price: 0.51 of it
    expectNear(planFleet({ ...input, spotShare: 0.7 }).rows[1]!.bill.fargate, 22_059);
  });

  test("SQS: 300 million messages a month are $24 at 0.2 calls, $132 at 1.1, $240 at 2", () => {
    const perSecond = 300e6 / (730 * 3600);
    const usd = (callsPerMessage: number) =>
      planFleet({ ...input, messagesPerSecond: perSecond, meanMessagesPerSecond: perSecond, callsPerMessage }).rows[0]!
        .bill.sqs;
    expectNear(usd(0.2), 24);
    expectNear(usd(1.1), 132);
    expectNear(usd(2), 240);
  });

  test("SQS bills each 64 KB of a message, and fair and FIFO queues dearer", () => {
    const usd = (change: Partial<PlanInput>) => planFleet({ ...input, ...change }).rows[0]!.bill.sqs;
    expectNear(usd({ messageBytes: 150_000 }), 3 * usd({}));
    expectNear(usd({ queue: "fifo" }), usd({}) * (0.5 / 0.4));
    expectNear(usd({ queue: "fair" }), usd({}) * (0.5 / 0.4));
  });

  test("network: five endpoints in three zones, or a NAT gateway in each, and the gigabytes", () => {
    const [row] = planFleet({ ...input, slotsPerTask: [20] }).rows;
    // 26.28e9 messages × 1,000 B and 1,500 tasks' summaries of 400 B each 10 s
    const gigabytes = 26_280 + (1500 * 2_628_000 * 40) / 1e9;
    expectNear(row!.bill.network, 15 * 0.01 * 730 + gigabytes * 0.01);
    const nat = planFleet({ ...input, slotsPerTask: [20], network: { kind: "nat", zones: 3 } }).rows[0]!;
    expectNear(nat.bill.network, 3 * 0.045 * 730 + gigabytes * 0.045);
    expect(planFleet({ ...input, network: { kind: "public", zones: 3 } }).rows[0]!.bill.network).toBe(0);
  });

  test("logs and metrics", () => {
    const [row] = planFleet({ ...input, slotsPerTask: [20], logBytesPerMessage: 100 }).rows;
    expectNear(row!.bill.logs, ((26.28e9 * 100 + 1500 * 2_628_000 * 40) / 1e9) * 0.5);
    // 17 metrics, (0.5 + 1,500 ÷ 900) calls a second, 3 fast and 9 slow alarms
    expectNear(row!.bill.cloudwatch, 17 * 0.3 + ((0.5 + 1500 / 900) * 2628 * 1000 * 0.01) / 1000 + 0.9 + 0.9);
  });

  test("Lambda: 26.28 billion × 3 s × 0.125 GB, and a request each", () => {
    expectNear(planFleet(input).lambdaUsd, 26.28e9 * 3 * 0.125 * 0.0000133334 + 26_280 * 0.2);
  });

  test("the bill goes by the mean rate, the fleet by the highest", () => {
    const [row] = planFleet({ ...input, slotsPerTask: [20], meanMessagesPerSecond: 1000 }).rows;
    expect([row!.tasks, row!.meanTasks]).toEqual([1500, 150]);
    expectNear(row!.bill.fargate, 4325);
  });
});

describe("a plan names what stands in its way", () => {
  test("memory and CPU of a task", () => {
    const plan = planFleet({ ...input, agentMemoryMiB: 64, agentCpuSeconds: 0.1 });
    // (2,048 − 256) ÷ 64 and 1 vCPU ÷ (0.1 s ÷ 3 s)
    expect([plan.mostSlotsByMemory, plan.mostSlotsByCpu]).toEqual([28, 30]);
    expect(plan.rows.map(({ obstacle }) => obstacle)).toEqual([undefined, undefined, "memory holds 28"]);
    expect(planFleet({ ...input, agentCpuSeconds: 0.1 }).rows[2]!.obstacle).toBe("CPU keeps up with 30");
  });

  test("quotas, each with the line that raises it", () => {
    const [one, twenty] = planFleet({ ...input, spotShare: 0.6 }).rows;
    expect(twenty!.quotas.map(({ name, needed }) => [name, needed])).toEqual([
      ["Fargate On-Demand vCPUs", 600],
      ["Fargate Spot vCPUs", 900],
    ]);
    expect(twenty!.quotas[0]!.raise).toBe(
      "aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 --desired-value 600",
    );
    expect(one!.quotas.map(({ name }) => name)).toContain("tasks of a service");
    expect(planFleet({ ...input, agentSeconds: 15 }).rows[1]!.quotas.at(-1)).toMatchObject({
      name: "messages in flight on a queue",
      needed: 160_000,
    });
    expect(planFleet({ ...input, messagesPerSecond: 10, meanMessagesPerSecond: 10 }).rows[1]!.quotas).toEqual([]);
  });

  test("launches at 500 a minute and service, and addresses for two fleets", () => {
    const [, twenty] = planFleet(input).rows;
    expect(twenty!.launchSeconds).toBe(180 + 45);
    expect(planFleet({ ...input, services: 2 }).rows[1]!.launchSeconds).toBe(90 + 45);
    // 3,000 addresses in three subnets: 1,000 each, of which AWS keeps five
    expect([twenty!.addresses, twenty!.subnetPrefix]).toEqual([3000, 22]);
  });
});

describe("the table of prices", () => {
  test("can be replaced whole", () => {
    const dearer = { ...PRICES, date: "2027-01-01", sqs: { ...PRICES.sqs, standardMillion: 0.8 } };
    expect(parsePrices(JSON.stringify(dearer), "p.json").sqs.standardMillion).toBe(0.8);
  });

  test("names each price that is missing, unknown or none", () => {
    const { lambda, ...rest } = PRICES;
    const bad = { ...rest, sqs: { ...PRICES.sqs, standardMillion: "0.4", perMessage: 1 } };
    expect(() => parsePrices(JSON.stringify(bad), "p.json")).toThrow(
      /p.json: sqs.perMessage is no known price\np.json: sqs.standardMillion must be a number not below 0, got "0.4"\np.json: lambda is missing/,
    );
    expect(() => parsePrices("{", "p.json")).toThrow("p.json: ");
  });
});
