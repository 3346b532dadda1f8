/**
 * What the ways to run an agent cost: a warm pool over the worker's own process, a fresh process for each message, a
 * program against a bare spawn, and what ten thousand program runs leave behind. Handlers are called as the worker calls
 * them, without a queue. CPU is that of this process and all below it, from /proc.
 *
 *   npm run build && node bench/agents.mjs [--runs 10000] [--json]
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: { runs: { type: "string", default: "10000" }, json: { type: "boolean", default: false } },
});
const { InProcessHandler } = await import("../dist/agents/in-process.js");
const { ProcessPool } = await import("../dist/agents/process-pool.js");
const { ProgramHandler } = await import("../dist/agents/program.js");
const { loadModule } = await import("../dist/agents/load-module.js");

const TICK_US = 10_000;
const ROUNDS = 5;
const folder = mkdtempSync(join(tmpdir(), "queuehand-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const progress = (text) => process.stderr.write(`${text}\n`);

const noop = join(folder, "noop.mjs");
writeFileSync(noop, "export default async () => {};\n");
const telling = join(folder, "telling.mjs");
writeFileSync(telling, "export default (_, { progress }) => progress(String(process.hrtime.bigint()));\n");

const log = { debug() {}, info() {}, warn: console.error, error: console.error };
const logs = { own: log, of: () => log };
const message = {
  id: "message",
  handle: "handle",
  body: JSON.stringify({ text: "x".repeat(240) }),
  attributes: new Map(),
  receiveCount: 1,
  sentAt: Date.now(),
  intact: true,
};

class BenchRun {
  #controller = new AbortController();
  deadline = Date.now() + 900_000;
  note;
  get signal() {
    return this.#controller.signal;
  }
  extend() {
    return this.deadline;
  }
  progress(note) {
    this.note = note;
  }
}

/** The process's fields of /proc/PID/stat after its name, or undefined. */
function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** CPU of this process, of its children that have ended, and of those that live, in µs. */
function cpuMicros() {
  let ticks = stat("self")
    .slice(11, 15)
    .reduce((sum, field) => sum + Number(field), 0);
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const fields = stat(pid);
    if (Number(fields?.[1]) === process.pid) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * TICK_US;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Runs `once` `count` times, `wide` at a time; CPU in µs and rate in runs a second. */
async function measure(once, count, wide) {
  const cpu = cpuMicros();
  const startedAt = performance.now();
  let left = count;
  await Promise.all(
    Array.from({ length: wide }, async () => {
      while (left-- > 0) await once();
    }),
  );
  return { cpu: (cpuMicros() - cpu) / count, rate: (count / (performance.now() - startedAt)) * 1000 };
}

/** Several rounds of each, one after the other, since other load comes and goes; the median of each figure. */
async function interleaved(subjects, count, wide) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const figures = {};
    for (const [name, once] of Object.entries(subjects)) figures[name] = await measure(once, count, wide);
    rounds.push(figures);
  }
  return Object.fromEntries(
    Object.keys(subjects).map((name) => [
      name,
      { cpu: median(rounds.map((one) => one[name].cpu)), rate: median(rounds.map((one) => one[name].rate)) },
    ]),
  );
}

async function done(outcome) {
  const { kind, ...rest } = await outcome;
  if (kind !== "done") throw new Error(`a run ended with ${kind}: ${JSON.stringify(rest)} ${rest.error ?? ""}`);
}

async function warmPool(slots) {
  const inProcess = new InProcessHandler(await loadModule(noop), logs.of);
  const pool = new ProcessPool({ path: noop, slots, logs });
  await pool.start();
  const subjects = {
    own: () => done(inProcess.run(message, new BenchRun())),
    pool: () => done(pool.run(message, new BenchRun())),
  };
  await measure(subjects.pool, 500, slots);
  const { own, pool: pooled } = await interleaved(subjects, 4_000, slots);
  await pool.stop();
  return { overheadMicros: pooled.cpu - own.cpu, rate: pooled.rate };
}

async function fresh() {
  const pool = new ProcessPool({ path: telling, slots: 2, runsMax: 1, logs });
  await pool.start();
  const untilStart = [];
  const once = async () => {
    const run = new BenchRun();
    const received = process.hrtime.bigint();
    await done(pool.run(message, run));
    untilStart.push(Number(BigInt(run.note) - received) / 1e6);
  };
  // At leisure: the spare is there by then.
  for (let n = 0; n < 40; n++) {
    await once();
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  const startMs = median(untilStart.splice(0));
  const { cpu, rate } = await measure(once, 100, 2);
  const busyStartMs = median(untilStart);
  await pool.stop();
  return { startMs, busyStartMs, cpuMillis: cpu / 1000, rate };
}

async function program() {
  const handler = new ProgramHandler({ command: "/bin/true", logs });
  await handler.start();
  const bare = () =>
    new Promise((resolve) => {
      const child = spawn("/bin/true", []);
      child.stdin.on("error", () => {});
      child.stdout.resume();
      child.stderr.resume();
      child.stdin.end(message.body);
      child.on("close", resolve);
    });
  const ours = () => done(handler.run(message, new BenchRun()));
  await measure(ours, 50, 1);
  const result = await interleaved({ bare, ours }, 300, 2);
  await handler.stop();
  return { bareMicros: result.bare.cpu, micros: result.ours.cpu, ratio: result.ours.cpu / result.bare.cpu };
}

async function many(count) {
  const handler = new ProgramHandler({ command: "sh -c 'echo \"$QUEUEHAND_WORK_DIR\" >/dev/null; sleep 5 &'", logs });
  await handler.start();
  const ours = () => done(handler.run(message, new BenchRun()));
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const own = () =>
    readdirSync("/proc").filter((pid) => {
      const fields = stat(pid);
      return fields && Number(fields[1]) === process.pid && fields[0] !== "Z";
    }).length;
  const resident = () => {
    globalThis.gc?.();
    return process.memoryUsage.rss() / 2 ** 20;
  };
  const heap = () => process.memoryUsage().heapUsed / 2 ** 20;
  // Node's allocator takes some thousand runs until it has what it needs.
  const first = Math.round(count * 0.6);
  await measure(ours, first, 10);
  const before = { descriptors: descriptors(), children: own(), resident: resident(), heap: heap() };
  const { rate } = await measure(ours, count - first, 10);
  const result = {
    count,
    first,
    rate,
    processes: own() - before.children,
    descriptors: descriptors() - before.descriptors,
    heapBeforeMiB: before.heap,
    residentBeforeMiB: before.resident,
    residentAfterMiB: resident(),
    heapAfterMiB: heap(),
  };
  await handler.stop();
  return { ...result, files: readdirSync(folder).length - 2 };
}

const results = { processors: cpus().length, load: loadavg()[0], node: process.version };
// Work folders are made in here, so that what is left of them can be counted.
process.env.TMPDIR = folder;
// First, while this process is small: what a spawn costs grows with the memory of who spawns.
progress("programs");
results.program = await program();
progress(`${options.runs} program runs`);
results.many = await many(Number(options.runs));
progress("warm pool");
results.pool = await warmPool(2);
results.poolOfTen = await warmPool(10);
progress("fresh processes");
results.fresh = await fresh();

if (options.json) {
  console.log(JSON.stringify(results));
} else {
  const { pool, poolOfTen, fresh: one, program: exec, many: all } = results;
  const n = (value, digits = 0) => value.toFixed(digits);
  console.log(`Node ${results.node}, ${results.processors} processors, load ${n(results.load, 1)} at the start\n`);
  console.log("| what | figure | to reach |\n|---|---|---|");
  console.log(
    `| warm pool over in-process, CPU a message | ${n(pool.overheadMicros)} µs with 2 slots, ${n(poolOfTen.overheadMicros)} µs with 10 | ≤ 1,000 µs |`,
  );
  console.log(
    `| warm pool, messages a second | ${n(pool.rate)} with 2 slots, ${n(poolOfTen.rate)} with 10 | ≥ 1,500 |`,
  );
  console.log(
    `| fresh process, from receive to start, p50 | ${n(one.startMs, 1)} ms with a spare, ${n(one.busyStartMs, 1)} ms at full speed | ≤ 40 ms |`,
  );
  console.log(`| fresh process, messages a second | ${n(one.rate)} (${n(one.cpuMillis)} ms CPU each) | ≥ 25 |`);
  console.log(
    `| exec:/bin/true against a bare spawn, CPU | ${n(exec.micros)} µs against ${n(exec.bareMicros)} µs: ${n(exec.ratio, 2)} × | ≤ 1.3 × |`,
  );
  console.log(
    `| ${all.count} program runs, left behind | ${all.processes} processes, ${all.descriptors} descriptors, ${all.files} files; heap ${n(all.heapBeforeMiB, 1)} MiB after ${all.first}, ${n(all.heapAfterMiB, 1)} at the end, resident ${n(all.residentBeforeMiB)} and ${n(all.residentAfterMiB)} MiB; ${n(all.rate)} runs a second | nothing, flat |`,
  );
}
