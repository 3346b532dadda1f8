import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { loadConfig } from "../../src/config/config.js";
import { createLogger } from "../../src/observe/log.js";
import type { IdempotencyTable } from "../../src/pipeline/ports/idempotency.js";
import { Reject } from "../../src/pipeline/ports/outcome.js";
import { type MessageAttribute, type Queue, QueueError } from "../../src/pipeline/ports/queue.js";
import { createWorker, type Worker } from "../../src/worker/worker.js";
import { FakeClock } from "../support/fake-clock.js";
import { MemoryIdempotency } from "../support/memory-idempotency.js";
import { MemoryQueue } from "../support/memory-queue.js";
import { randomFrom } from "../support/random.js";

const SEEDS = 50;
const ORDERS = 12;
const WORKERS = 2;
const KILLS_MAX = 4;
const TIMEOUT_MS = 120_000;
const gone = new QueueError("unreachable", "ECONNRESET");

interface Storm {
  readonly seed: number;
  readonly key: "body:/order" | "messageId";
  readonly kills: boolean;
  /** False: no table, to see that the storm is one. */
  readonly table?: boolean;
}

/** A card service: it knows keys, as such services do, and refuses a run that another one has overtaken. */
class Cards {
  /** Every demand for money, by order. */
  readonly demands = new Map<string, number>();
  /** What was charged in the end, by order. */
  readonly charges = new Map<string, number>();
  readonly #byKey = new Map<string, number>();

  charge(order: string, key: string | undefined, fence: number): void {
    this.demands.set(order, (this.demands.get(order) ?? 0) + 1);
    if (key !== undefined) {
      const latest = this.#byKey.get(key);
      if (latest !== undefined && fence < latest) throw new Error("overtaken");
      this.#byKey.set(key, fence);
      if (latest !== undefined) return;
    }
    this.charges.set(order, (this.charges.get(order) ?? 0) + 1);
  }
}

/** One worker's life: each step of it may be its last. A dead one reaches nothing any more. */
class Life {
  dead = false;
  /** Orders whose money was demanded and whose record isn't certain. */
  readonly unrecorded = new Set<string>();

  constructor(private readonly mayDie: (life: Life) => boolean) {}

  /** Between any two steps. Never resolves in a dead worker; rejects when the caller gives up. */
  step(signal?: AbortSignal): Promise<void> {
    if (!this.dead && this.mayDie(this)) this.dead = true;
    if (!this.dead) return Promise.resolve();
    return new Promise((_, reject) => {
      if (signal?.aborted) reject(signal.reason);
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  queue(queue: MemoryQueue): Queue {
    const through = async <Answer>(signal: AbortSignal, call: () => Promise<Answer>): Promise<Answer> => {
      await this.step(signal);
      const answer = await call();
      await this.step(signal);
      return answer;
    };
    return {
      receive: (max, wait, signal) => through(signal, () => queue.receive(max, wait, signal)),
      delete: (handles, signal) => through(signal, () => queue.delete(handles, signal)),
      changeVisibility: (changes, signal) => through(signal, () => queue.changeVisibility(changes, signal)),
      copyToDeadLetters: (letters, signal) => through(signal, () => queue.copyToDeadLetters!(letters, signal)),
    };
  }

  table(table: MemoryIdempotency): IdempotencyTable {
    const through = async <Answer>(signal: AbortSignal, call: () => Promise<Answer>): Promise<Answer> => {
      await this.step(signal);
      const answer = await call();
      await this.step(signal);
      return answer;
    };
    return {
      check: (signal) => through(signal, () => table.check()),
      claim: (request, signal) => through(signal, () => table.claim(request)),
      renew: (claim, until, signal) => through(signal, () => table.renew(claim, until)),
      complete: (claim, now, signal) => through(signal, () => table.complete(claim, now)),
      release: (claim, signal) => through(signal, () => table.release(claim)),
      close: () => {},
    };
  }
}

async function weather({ seed, key, kills, table: guarded = true }: Storm) {
  const random = randomFrom(seed);
  jest.spyOn(Math, "random").mockImplementation(randomFrom(seed + 1_000_000));
  const clock = new FakeClock();
  const queue = new MemoryQueue({ clock, visibilityTimeoutSeconds: 15, maxReceiveCount: 3, latencyMs: 5 });
  const table = new MemoryIdempotency();
  const cards = new Cards();
  /** Demands beyond the first that a kill between charge and record accounts for. */
  let excused = 0;
  let killsLeft = kills ? KILLS_MAX : 0;
  let stepsLeft = 1 + Math.floor(random() * 150);
  const mayDie = (life: Life) => {
    if (killsLeft === 0 || --stepsLeft > 0) return false;
    killsLeft--;
    stepsLeft = 1 + Math.floor(random() * 150);
    excused += life.unrecorded.size;
    return true;
  };

  const config = loadConfig({
    SQS_QUEUE_URL: "http://127.0.0.1:1/000000000000/orders",
    HANDLER: "./unused.mjs",
    HTTP_PORT: "off",
    METRICS: "off",
    CONCURRENCY: "3",
    VISIBILITY_TIMEOUT: "15",
    POLL_INTERVAL_SECONDS: "1",
    SHUTDOWN_TIMEOUT_SECONDS: "5",
    ...(guarded && { IDEMPOTENCY_TABLE: "keys", IDEMPOTENCY_KEY: key }),
  });
  /** Which order a key in the table is about. */
  const keys = new Map<string, string>();
  const all: Worker[] = [];
  const begin = (): Life => {
    const life = new Life(mayDie);
    const worker = createWorker(
      async ({ body }, { idempotency, signal }) => {
        const { order } = body as { order: string };
        await new Promise<void>((resolve) => clock.setTimer(resolve, random() * 20_000));
        if (signal.aborted) return;
        const fate = random();
        if (fate < 0.1) throw new Error("not now");
        if (fate < 0.15) throw new Reject("not at all");
        await life.step();
        cards.charge(order, idempotency?.key, idempotency?.fence ?? 0);
        life.unrecorded.add(order);
        await life.step();
      },
      config,
      {
        clock,
        queue: life.queue(queue),
        ...(guarded && {
          idempotencyTable: {
            ...life.table(table),
            complete: async (claim, now, signal) => {
              await life.step(signal);
              const end = await table.complete(claim, now);
              if (end.kind === "held") life.unrecorded.delete(keys.get(claim.key)!);
              await life.step(signal);
              return end;
            },
          },
        }),
        logger: createLogger({ level: "silent" }),
      },
    );
    all.push(worker);
    void worker.run();
    return life;
  };
  const send = (order: string, id: string) => {
    keys.set(`orders/${key === "messageId" ? id : order}`, order);
    queue.send(JSON.stringify({ order }), { id });
  };
  const sendBack = (body: string, first: string) => {
    const attributes: [string, MessageAttribute][] = [["QueuehandMessageId", { type: "String", string: first }]];
    queue.send(body, { id: `${first}-redriven-${++redriven}`, attributes });
  };
  // Duplicates: the producer sends each order up to three times. By message id only SQS and redrives repeat.
  for (let n = 0; n < ORDERS; n++) {
    const times = key === "messageId" ? 1 : 1 + Math.floor(random() * 3);
    for (let time = 0; time < times; time++) send(`order-${n}`, `order-${n}-${time}`);
  }
  let redriven = 0;
  let again = false;
  let lives = Array.from({ length: WORKERS }, begin);
  const tableFaults = guarded ? (["down", "lost"] as const) : [];
  for (let second = 0; second < 3_000; second++) {
    await clock.advance(1_000);
    // A dead task is replaced.
    lives = lives.map((life) => (life.dead ? begin() : life));
    if (second < 300 && tableFaults.length > 0 && random() < 0.05) {
      const operation = (["claim", "complete", "release", "renew"] as const)[Math.floor(random() * 4)]!;
      table.failNext(operation, tableFaults[Math.floor(random() * 2)]!, 1 + Math.floor(random() * 2));
    }
    if (second < 300 && random() < 0.05) queue.failNext("delete", random() < 0.5 ? gone : { lost: gone }, 3);
    // An operator sends dead letters back: with new ids, and the first one in an attribute.
    for (const { id, body, attributes } of queue.deadLetters.splice(0)) {
      sendBack(body, attributes.get("QueuehandMessageId")?.string ?? id);
    }
    if (queue.ids().length > 0 || queue.deadLetters.length > 0) continue;
    if (again) break;
    // And once more everything, by mistake.
    again = true;
    for (let n = 0; n < ORDERS; n++) sendBack(JSON.stringify({ order: `order-${n}` }), `order-${n}-0`);
  }
  const left = queue.ids().length;
  const stops = Promise.all(all.map((worker) => worker.stop("the test is over")));
  let stopped = false;
  void stops.then(() => {
    stopped = true;
  });
  for (let step = 0; !stopped && step < 2_000; step++) await clock.advance(100);
  return { cards, excused, left, redriven, stopped, kills: (kills ? KILLS_MAX : 0) - killsLeft };
}

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, number) => total + number, 0);

afterEach(() => {
  jest.restoreAllMocks();
});

describe.each(["body:/order", "messageId"] as const)("charging cards with the key %s", (key) => {
  test(
    `duplicates, failures and redrives, ${SEEDS} seeds: each order's money is demanded once`,
    async () => {
      let redrives = 0;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const { cards, left, redriven, stopped } = await weather({ seed, key, kills: false });
        redrives += redriven;
        expect({ seed, left, stopped }).toEqual({ seed, left: 0, stopped: true });
        expect({ seed, demands: [...cards.demands.values()] }).toEqual({ seed, demands: Array(ORDERS).fill(1) });
      }
      // More than the one that was a mistake.
      expect(redrives).toBeGreaterThan(SEEDS * (ORDERS + 0.3));
    },
    TIMEOUT_MS,
  );

  test(
    `kills between any two steps as well, ${SEEDS} seeds: one charge each, and a second demand only after a kill between charge and record`,
    async () => {
      let killed = 0;
      let second = 0;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const { cards, excused, left, kills } = await weather({ seed, key, kills: true });
        killed += kills;
        const demands = sum(cards.demands.values());
        second += demands - ORDERS;
        expect({ seed, left }).toEqual({ seed, left: 0 });
        expect({ seed, charges: [...cards.charges.values()] }).toEqual({ seed, charges: Array(ORDERS).fill(1) });
        expect(demands - ORDERS).toBeLessThanOrEqual(excused);
      }
      // The storm was one: workers died, some of them at the worst moment.
      expect(killed).toBeGreaterThan(SEEDS);
      expect(second).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});

test("without a table the same storm charges some orders more than once", async () => {
  let twice = 0;
  for (let seed = 1; seed <= 10; seed++) {
    const { cards } = await weather({ seed, key: "body:/order", kills: true, table: false });
    twice += [...cards.charges.values()].filter((charges) => charges > 1).length;
  }
  expect(twice).toBeGreaterThan(10);
});
