import type { Telemetry } from "../../../pipeline/ports/telemetry.js";
import type { Mark } from "./marks.js";

/** Told as the error of each failed agent: poison is all that fails here. */
const POISON = new Error("a poisoned message");

/** Marks of all tasks as the facts of one worker, which is what the page knows how to show. Times are of the fleet's clock. */
export class FleetFacts {
  readonly #running = new Map<string, { readonly startedMs: number; readonly receiveCount: number }>();
  readonly #starts = new Map<number, number>();

  /** @param sentAt when a message was sent, epoch milliseconds of the fleet's clock; undefined where it has started before. */
  constructor(
    private readonly tell: Telemetry,
    private readonly sentAt: (n: number) => number | undefined,
  ) {}

  /** To be called before anybody else learns of the mark. */
  mark(task: number, { kind, n, wallMs }: Mark): void {
    const key = `${task} ${n}`;
    if (kind === "started") return this.#started(key, n, wallMs);
    const run = this.#running.get(key);
    if (!run) return;
    this.#running.delete(key);
    const delivery = { messageId: String(n), receiveCount: run.receiveCount };
    const agentMs = wallMs - run.startedMs;
    const outcome = kind === "done" ? "done" : "retry";
    if (kind === "done") this.#starts.delete(n);
    this.tell({ kind: "ended", delivery, outcome, agentMs });
    const cause = kind === "done" ? {} : { cause: POISON };
    this.tell({ kind: "settled", delivery, outcome, agentMs, certain: true, ...cause });
  }

  /** Its process is gone: what ran there comes again. */
  taskEnded(task: number): void {
    for (const [key, { receiveCount }] of this.#running) {
      const [of, n] = key.split(" ");
      if (Number(of) !== task) continue;
      this.#running.delete(key);
      const delivery = { messageId: n!, receiveCount };
      this.tell({ kind: "ended", delivery, outcome: "interrupted", agentMs: 0 });
      this.tell({ kind: "settled", delivery, outcome: "interrupted", agentMs: 0, certain: false });
    }
  }

  #started(key: string, n: number, wallMs: number): void {
    const receiveCount = (this.#starts.get(n) ?? 0) + 1;
    this.#starts.set(n, receiveCount);
    this.#running.set(key, { startedMs: wallMs, receiveCount });
    const sentAt = this.sentAt(n);
    const delivery = { messageId: String(n), receiveCount };
    this.tell({ kind: "received", count: 1, asked: 1, elapsedMs: 0 });
    const inQueueMs = sentAt === undefined ? undefined : Math.max(0, wallMs - sentAt);
    this.tell({ kind: "started", delivery, inQueueMs, bufferedMs: 0 });
  }
}
