import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { Defer, Reject, Retry } from "../../src/pipeline/ports/outcome.js";
import { QueueError } from "../../src/pipeline/ports/queue.js";
import { memoryLog } from "../support/memory-log.js";
import type { Fault, Operation } from "../support/memory-queue.js";
import { ODD_THROWS } from "../support/odd-throws.js";
import { randomFrom } from "../support/random.js";
import { workerBundle } from "../support/worker-bundle.js";

const MESSAGES = 60;
const SEEDS = 100;
/** A storm takes 50 ms; a loaded machine may take ten times as long. */
const TIMEOUT_MS = 120_000;

const ODD = Object.values(ODD_THROWS);
/** Lines are made as a worker makes them: whatever agents throw has to pass through there as well. */
const { logger } = memoryLog("warn", false);

const down = new QueueError("unreachable", "ECONNRESET");
const throttled = new QueueError("throttled", "slow down");
const FAULTS: Readonly<Record<Exclude<Operation, "copyToDeadLetters">, readonly Fault[]>> = {
  receive: [down, throttled, { lost: down }, "hang", "duplicate", { extra: 3 }, "corrupt"],
  delete: [down, { lost: down }, "hang", { entries: [undefined, { ok: false, kind: "again", detail: "busy" }] }],
  changeVisibility: [down, throttled, "hang", { entries: [{ ok: false, kind: "again", detail: "busy" }] }],
};

/**
 * One worker's whole life in a storm: agents of every length and end, a queue that fails in every way, a stop at a
 * random moment. What must hold is in every run the same.
 */
async function live(seed: number, fifo: boolean) {
  const random = randomFrom(seed);
  // The back-offs' jitter, so that a seed decides everything.
  jest.spyOn(Math, "random").mockImplementation(randomFrom(seed + 1_000_000));
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)]!;
  const slots = 1 + Math.floor(random() * 8);
  const succeeded = new Set<string>();
  const endedWell = new Set<string>();
  const running = new Map<string, number>();
  const problems: string[] = [];
  let busy = 0;
  const lastStarted = new Map<string, number>();

  const bundle = workerBundle({
    env: {
      CONCURRENCY: String(slots),
      VISIBILITY_TIMEOUT: "30",
      HANDLER_TIMEOUT_SECONDS: "60",
      SHUTDOWN_TIMEOUT_SECONDS: "60",
      ...(random() < 0.5 ? { RETRY_BACKOFF_SECONDS: "1,20" } : {}),
    },
    logger,
    queue: { fifo, maxReceiveCount: 8, tellsMaxReceiveCount: random() < 0.5, latencyMs: random() < 0.5 ? 0 : 20 },
    agent: async ({ id, body, groupId }, { signal }) => {
      busy++;
      running.set(id, (running.get(id) ?? 0) + 1);
      if (busy > slots) problems.push(`${busy} agents on ${slots} slots`);
      if (running.get(id)! > 1) problems.push(`${id} runs twice at once`);
      if (fifo) {
        const { n } = body as { n: number };
        const last = lastStarted.get(groupId!) ?? -1;
        // A success or a rejection whose delete failed may come again at any time; everything else keeps its place.
        if (n < last && !endedWell.has(`${groupId}/${n}`))
          problems.push(`group ${groupId}: ${n} started after ${last}`);
        lastStarted.set(groupId!, n);
      }
      try {
        const fate = random();
        const ms = fate < 0.6 ? random() * 200 : random() * 90_000;
        const heeds = random() < 0.8;
        await new Promise<void>((resolve) => {
          const timer = bundle.clock.setTimer(resolve, ms);
          if (heeds) {
            signal.addEventListener("abort", () => {
              bundle.clock.clearTimer(timer);
              resolve();
            });
          }
        });
        if (signal.aborted) return;
        const end = random();
        if (end < 0.05) throw new Error("failed");
        if (end < 0.1) throw pick(ODD)();
        if (end < 0.15) throw new Retry(Math.floor(random() * 10));
        if (end < 0.2) throw new Defer(1 + Math.floor(random() * 20));
        if (fifo) endedWell.add(`${groupId}/${(body as { n: number }).n}`);
        if (end < 0.25) throw new Reject("never");
        succeeded.add(id);
      } finally {
        busy--;
        running.set(id, running.get(id)! - 1);
      }
    },
  });
  const { clock, queue, start, worker, of } = bundle;
  for (let n = 0; n < MESSAGES; n++) {
    queue.send(JSON.stringify({ n }), fifo ? { groupId: `g${n % 5}`, deduplicationId: String(n) } : {});
  }
  const run = start();
  let exitCode: number | undefined;
  void run.then((result) => {
    exitCode = result.exitCode;
  });
  const stopAt = 5_000 + random() * 600_000;
  for (let at = 0; at < stopAt; at += 500) {
    if (random() < 0.1) {
      const operation = pick(["receive", "delete", "changeVisibility"] as const);
      queue.failNext(operation, pick(FAULTS[operation]), 1 + Math.floor(random() * 3));
    }
    await clock.advance(500);
  }
  const stoppedAt = clock.monotonic();
  void worker.stop();
  while (exitCode === undefined && clock.monotonic() < stoppedAt + 120_000) await clock.advance(250);

  const received = of("received").reduce((sum, { count }) => sum + count, 0);
  const terminal = of("settled").length + of("released").length;
  const drainMs = clock.monotonic() - stoppedAt;
  return { bundle, exitCode, problems, succeeded, received, terminal, drainMs, deaf: busy };
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe.each([
  ["a standard queue", false],
  ["a FIFO queue", true],
])("in a storm on %s", (_name, fifo) => {
  test(
    `every invariant holds, for ${SEEDS} seeds`,
    async () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const { bundle, exitCode, problems, succeeded, received, terminal, drainMs, deaf } = await live(seed, fifo);
        const { queue, clock, of } = bundle;
        const context = `seed ${seed}`;
        expect({ context, problems }).toEqual({ context, problems: [] });
        // No body is deleted without a success or a certain copy.
        const copied = new Set(queue.deadLetters.filter(({ by }) => by === "copy").map(({ id }) => id));
        const unearned = queue.deleted.filter(({ id }) => !succeeded.has(id) && !copied.has(id));
        expect({ context, unearned }).toEqual({ context, unearned: [] });
        // Every message is somewhere.
        const somewhere = [...queue.deleted, ...queue.deadLetters].map(({ id }) => id).concat(queue.ids());
        expect({ context, left: new Set(somewhere).size }).toEqual({ context, left: MESSAGES });
        // The stop ends within its budget.
        expect(exitCode).toBeDefined();
        expect(drainMs).toBeLessThanOrEqual(61_000);
        // Every receive ends once.
        expect({ context, terminal }).toEqual({ context, terminal: received });
        // Nothing of the worker's goes on, except agents that heeded no abort.
        expect({ context, timers: clock.timers }).toEqual({ context, timers: deaf });
        expect(of("lifecycle").at(-1)).toMatchObject({ state: "stopped" });
      }
    },
    TIMEOUT_MS,
  );
});
