import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { monotonicMs, sleep } from "../clock.mjs";
import { Contestant, controlOf, startServer } from "../contestant.mjs";
import { processes, processTree } from "../process-tree.mjs";

const SLOTS = 10;
const STEP_RUNS = 2000;
const STEPS = 5;
/** For all runs: several times of what a machine of two idle cores takes. */
const WITHIN_MS = 300_000;
/** Until the last deletes are sent and what ended has been reaped. */
const SETTLE_MS = 1500;
/** Leaves a file behind each time, and a process every tenth time, for the worker to clear away. */
const PROGRAM = `exec:sh -c 'echo left > "$QUEUEHAND_WORK_DIR/file"; if [ $(($$ % 10)) = 0 ]; then sleep 30 & fi'`;
const DOCKERFILE = new URL("../../Dockerfile", import.meta.url);
const INODE_COLUMN = 9;

/**
 * Ten thousand runs of a program through the worker: processes, descriptors and files that are there afterwards and
 * weren't before the first; resident memory at rest after each two thousand.
 */
export async function manyPrograms(name) {
  const server = await startServer("server.mjs");
  const control = controlOf(server);
  await control.reset({ mode: "queue" });
  const contestant = new Contestant(name, server.url, {
    CONCURRENCY: String(SLOTS),
    HANDLER: PROGRAM,
    ...(name.endsWith("as in the image") ? allocatorOfImage() : {}),
  });
  try {
    await contestant.until("receive", async () => (await control.stats()).openPolls > 0);
    await sleep(SETTLE_MS);
    const before = heldBy(contestant);
    const startMb = contestant.residentMb;
    const resident = [];
    const deadline = monotonicMs() + WITHIN_MS;
    for (let step = 0; step < STEPS; step++) {
      await control.reset({ mode: "queue", seed: STEP_RUNS });
      const ended = async () => (await control.stats()).deleted === STEP_RUNS;
      await contestant.until(`end of ${STEP_RUNS} runs`, ended, deadline - monotonicMs());
      await sleep(SETTLE_MS);
      resident.push(contestant.residentMb);
    }
    const after = heldBy(contestant);
    return {
      runs: STEPS * STEP_RUNS,
      processes: after.processes - before.processes,
      descriptors: after.descriptors - before.descriptors,
      files: after.files - before.files,
      startMb,
      earlyMb: resident[0],
      lateMb: resident.at(-1),
      growth: resident.at(-1) / resident[0],
    };
  } finally {
    await contestant.end();
    server.stop();
  }
}

/** What the image tells glibc's allocator. */
function allocatorOfImage() {
  const lines = readFileSync(DOCKERFILE, "utf8").matchAll(/^ENV (MALLOC_\w+)=(\S+)/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
}

/**
 * How many processes a contestant has below it, or anywhere with its folder in their environment; how many descriptors,
 * without those of its connections to the server; how many files.
 */
function heldBy({ pid, temporary }) {
  const below = new Set(processTree(pid));
  const strays = processes().filter((one) => !below.has(one) && environmentOf(one).includes(temporary));
  return {
    processes: below.size - 1 + strays.length,
    descriptors: descriptorsOf(pid).length,
    files: readdirSync(temporary, { recursive: true }).length,
  };
}

function environmentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return ""; // gone, or another user's
  }
}

function descriptorsOf(pid) {
  const connections = readFileSync(`/proc/${pid}/net/tcp`, "utf8")
    .split("\n")
    .map((line) => `socket:[${line.trim().split(/\s+/)[INODE_COLUMN]}]`);
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  return targets.filter((target) => !connections.includes(target));
}
