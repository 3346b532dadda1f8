/**
 * The closed loop, longer than the test of it: a load that rises in two steps and falls, real tasks on MiniStack, the
 * policy of infra/scaling.yaml. Prints the table and writes the two charts of docs/scaling.md.
 *
 *   npx tsc -p tsconfig.json && node bench/closed-loop.mjs [SECONDS of quiet at the end, 30]
 *
 * Needs Docker. ShrinkPolicy scales in after three quiet minutes: with 360 that is seen, too, down to one task.
 */
import { writeFile } from "node:fs/promises";
import { svgChart } from "../build/src/cli/simulate/svg-chart.js";
import { dockerReason } from "../build/test/support/docker.js";
import { runClosedLoop } from "../build/test/support/stacks/closed-loop-run.js";
import { ServiceBundle } from "../build/test/support/stacks/service-bundle.js";

const SLOTS = 2;
const REAL = "#d62728";
const SIMULATED = "#1f77b4";
const quietSeconds = Number(process.argv[2] ?? 30);
/** Messages a second, and for how many seconds. */
const STEPS = [
  [1, 30],
  [6, 60],
  [12, 60],
  [1, quietSeconds],
];

function rateAt(second) {
  let until = 0;
  for (const [rate, seconds] of STEPS) {
    until += seconds;
    if (second < until) return rate;
  }
  return 0;
}

/** The longest wait among the messages that started in each second, as the simulator notes it. */
function longestWaits(finished, baseMs) {
  const waits = new Map();
  for (const { sentAt, startedAt } of finished) {
    const second = Math.floor((startedAt - baseMs) / 1000);
    waits.set(second, Math.max(waits.get(second) ?? 0, (startedAt - sentAt) / 1000));
  }
  return [...waits].sort(([a], [b]) => a - b);
}

// It also tells testcontainers where ports are.
const reason = dockerReason();
if (reason !== undefined) throw new Error(reason);
const bundle = await ServiceBundle.start({ Concurrency: String(SLOTS) });
try {
  await bundle.settled(await bundle.send("first", 2, 10));
  const seconds = STEPS.reduce((sum, [, length]) => sum + length, 0);
  const run = await runClosedLoop(bundle, { slots: SLOTS, agentSeconds: 1, rateAt, seconds });
  const { ids, loop, finished, waits, predicted, startSeconds, offset } = run;
  const { missing, doubled } = await bundle.account(ids);
  console.log(`${ids.length} messages, ${missing.length} missing, ${doubled.length} doubled`);
  console.log(`tasks started in ${startSeconds} s; the load began at second ${offset}`);
  const row = (name, ...values) =>
    console.log(`| ${name} | ${values.map((value) => `${value.toFixed(1)} s`).join(" | ")} |`);
  const { waitSeconds } = predicted;
  for (const [name, share] of Object.entries({ p50: 0.5, p95: 0.95, p99: 0.99 })) {
    row(name, waits.quantile(share), waitSeconds[name]);
  }
  row("max", waits.max, waitSeconds.max);
  for (const [name, changes] of Object.entries({ real: loop.changes, simulated: predicted.activities })) {
    const orders = changes.map(
      ({ second, fromTasks, desiredTasks, policy }) =>
        `${fromTasks}→${desiredTasks} at ${second - offset} s (${policy})`,
    );
    console.log(`${name}: ${orders.join(", ")}`);
  }

  const later = (points) => points.filter(([second]) => second >= offset).map(([second, y]) => [second - offset, y]);
  const lines = (real, simulated) => [
    { label: "real", color: REAL, points: later(real) },
    { label: "simulated", color: SIMULATED, points: later(simulated) },
  ];
  const charts = {
    wait: svgChart(
      "Longest wait of a message",
      "s",
      lines(
        longestWaits(finished, loop.baseMs),
        predicted.moments.map(({ second, waitSeconds }) => [second, waitSeconds]),
      ),
    ),
    tasks: svgChart(
      "Tasks running",
      "tasks",
      lines(
        loop.seen.map(({ second, runningTasks }) => [second, runningTasks]),
        predicted.moments.map(({ second, runningTasks }) => [second, runningTasks]),
      ),
    ),
  };
  for (const [name, svg] of Object.entries(charts)) await writeFile(`docs/images/closed-loop-${name}.svg`, `${svg}\n`);
} finally {
  await bundle.ministack.stop();
}
