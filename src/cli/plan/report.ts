import type { Plan, PlanRow } from "../../scaling/plan.js";
import { short } from "../simulate/terminal-chart.js";
import type { Order } from "./order.js";

/** The plan for people. */
export function planReport({ input, slots }: Order, plan: Plan): string {
  const chosen = plan.rows.find(({ slotsPerTask }) => slotsPerTask === slots)!;
  const { size, prices } = input;
  const task = `${size.cpuUnits / 1024} vCPU, ${size.memoryMiB / 1024} GB, ${size.architecture}`;
  const spot = input.spotShare > 0 ? `, ${Math.round(input.spotShare * 100)} % Spot` : "";
  return `${[
    [
      `${rateOf(input.messagesPerSecond, plan)}/s × ${input.agentSeconds} s = ${short(plan.busySlots)} agents at once; at ${input.targetPercent} % that is ${short(plan.slots)} slots`,
      `tasks of ${task}${spot}; memory holds ${plan.mostSlotsByMemory} slots, CPU keeps up with ${cpuSlots(plan)}`,
      `in flight about ${short(plan.inFlight)} of 120k`,
      ...budgetLines(plan),
    ].join("\n"),
    table(plan.rows, slots),
    [
      `Lambda, one message an execution: $${money(plan.lambdaUsd)} a month, ${short(plan.busySlots)} executions at once`,
      `US dollars a month at ${input.meanMessagesPerSecond}/s on average; prices of ${prices.date}, ${prices.region}`,
    ].join("\n"),
    [
      `With ${slots} slots a task:`,
      `  ${chosen.tasks} tasks, launched in ${Math.round(chosen.launchSeconds)} s at 500 a minute and service`,
      `  ${chosen.addresses} addresses during a deployment: ${input.network.zones} subnets of /${chosen.subnetPrefix} or larger`,
      ...quotaLines(chosen, plan),
    ].join("\n"),
  ].join("\n\n")}\n`;
}

const rateOf = (asked: number, { budget }: Plan) =>
  budget && budget.leftWaiting > 0 ? tenth(budget.messagesPerSecond) : asked;
const tenth = (value: number) => Math.round(value * 10) / 10;

function budgetLines({ budget }: Plan): string[] {
  if (!budget) return [];
  const limit = `the provider is the limit from ${tenth(budget.messagesPerSecond)}/s on: ${short(budget.slots)} slots can be used, and more than these wait as well`;
  if (budget.leftWaiting === 0) return [limit];
  const wait = tenth(budget.waitAfterHourSeconds / 60);
  return [
    limit,
    `what comes faster waits: ${tenth(budget.leftWaiting)}/s are left over, and after an hour of that a message waits ${wait} min`,
  ];
}

const cpuSlots = ({ mostSlotsByCpu }: Plan) => (mostSlotsByCpu > 1e6 ? "any number" : String(mostSlotsByCpu));

function quotaLines({ quotas, obstacle }: PlanRow, { lambdaConcurrency }: Plan): string[] {
  const lines = quotas.map(
    ({ name, needed, initial, raise }) => `  ${name}: ${needed} needed, a new account has ${initial}\n    ${raise}`,
  );
  if (obstacle) lines.unshift(`  does not fit: ${obstacle} slots in a task of this size`);
  if (lambdaConcurrency) {
    const { name, needed, initial, raise } = lambdaConcurrency;
    lines.push(`  on Lambda instead, ${name}: ${needed} needed, a new account has ${initial}\n    ${raise}`);
  }
  return lines;
}

function table(rows: readonly PlanRow[], chosen: number): string {
  const header = ["slots", "tasks", "vCPUs", "Fargate", "SQS", "CloudWatch", "logs", "network", "total", ""];
  const cells = rows.map(({ slotsPerTask, tasks, vcpus, bill, obstacle }) => [
    `${slotsPerTask === chosen ? "→ " : ""}${slotsPerTask}`,
    String(tasks),
    String(vcpus),
    ...[bill.fargate, bill.sqs, bill.cloudwatch, bill.logs, bill.network, bill.total].map(money),
    obstacle ?? "",
  ]);
  const widths = header.map((title, at) => Math.max(title.length, ...cells.map((row) => row[at]!.length)));
  return [header, ...cells]
    .map((row) =>
      row
        .map((cell, at) => cell.padStart(widths[at]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const money = (usd: number) => (usd >= 100 ? Math.round(usd).toLocaleString("en-US") : usd.toFixed(2));
