import { LastingRefusal } from "../poll/lasting-refusal.js";
import type { Clock } from "../ports/clock.js";
import { withDeadline } from "../ports/deadline.js";
import { type EntryResult, type Queue, QueueError } from "../ports/queue.js";
import type { Telemetry } from "../ports/telemetry.js";
import { words } from "../ports/thrown.js";
import { BatchLane } from "./batch-lane.js";
import type { Settlement } from "./settlement.js";

export interface SettleLanesOptions {
  readonly queue: Pick<Queue, "delete" | "changeVisibility" | "copyToDeadLetters">;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** FIFO queues see visibility changes one call after the other, so that releases keep their order. */
  readonly fifo: boolean;
  /** Told what became of each. */
  readonly onResult: (settlement: Settlement, result: EntryResult) => void;
  /** Told, after those whom the last call was for, when the queue says that no further call can succeed. */
  readonly onFatal: (error: QueueError) => void;
  /** Told of each that the last call was for. */
  readonly onHopeless: (settlement: Settlement) => void;
}

type Send = (items: readonly Settlement[], signal: AbortSignal) => Promise<readonly EntryResult[]>;

/** A success may stay undeleted this long for the sake of a full batch. */
const LINGER_MS = 50;
/** In a FIFO queue the rest of a group waits for the delete. */
const FIFO_LINGER_MS = 2;
const CALLS_MAX = 16;
const CALL_DEADLINE_MS = 5_000;
const NO_RESULT: EntryResult = { ok: false, kind: "again", detail: "the server gave no result for the entry" };
const NO_DEAD_LETTER_QUEUE: EntryResult = { ok: false, kind: "refused", detail: "the queue has no dead-letter queue" };

/** The calls that settle, in batches: a lane for deletes, one for visibility changes, one for copies to the dead letters. */
export class SettleLanes {
  readonly #options: SettleLanesOptions;
  readonly #deletes: BatchLane<Settlement>;
  readonly #visibility: BatchLane<Settlement>;
  readonly #deadLetters: BatchLane<Settlement>;
  readonly #refusal: LastingRefusal;
  readonly #cut = new AbortController();

  constructor(options: SettleLanesOptions) {
    this.#options = options;
    const { clock, fifo, queue } = options;
    this.#refusal = new LastingRefusal(clock, true);
    const lingerMs = fifo ? FIFO_LINGER_MS : LINGER_MS;
    const lane = (callsMax: number, send: Send) =>
      new BatchLane<Settlement>({ clock, lingerMs, callsMax, send: (items) => this.#call(items, send) });
    this.#deletes = lane(CALLS_MAX, (items, signal) => queue.delete(handles(items), signal));
    this.#visibility = lane(fifo ? 1 : CALLS_MAX, (items, signal) => queue.changeVisibility(items.map(change), signal));
    this.#deadLetters = lane(CALLS_MAX, async (items, signal) => {
      // May have been learned to be missing since the copy was asked for.
      if (!queue.copyToDeadLetters) return items.map(() => NO_DEAD_LETTER_QUEUE);
      return queue.copyToDeadLetters(items.map(letter), signal);
    });
  }

  /** Aborts when everything under way is given up. */
  get ended(): AbortSignal {
    return this.#cut.signal;
  }

  /** Adds a settlement to the lane of its operation; false if that needs no call. */
  add(settlement: Settlement): boolean {
    switch (settlement.operation.kind) {
      case "delete":
        this.#deletes.add(settlement);
        return true;
      case "visibility":
        this.#visibility.add(settlement);
        return true;
      case "deadLetter":
        this.#deadLetters.add(settlement);
        return true;
      case "none":
        return false;
    }
  }

  /** From now on no operation waits for company. */
  hurry(): void {
    this.#deletes.hurry();
    this.#visibility.hurry();
    this.#deadLetters.hurry();
  }

  /** Ends the calls under way. */
  cut(): void {
    this.#cut.abort(new QueueError("deadline", "the drain's budget is used up"));
  }

  async #call(items: readonly Settlement[], send: Send): Promise<void> {
    const { clock, onResult } = this.#options;
    let results: readonly EntryResult[];
    try {
      results = await withDeadline(clock, CALL_DEADLINE_MS, this.#cut.signal, (signal) => send(items, signal));
    } catch (error) {
      return this.#failed(items, error);
    }
    this.#refusal.permitted();
    let failed = 0;
    let detail: unknown;
    for (const [position, settlement] of items.entries()) {
      const result = results[position] ?? NO_RESULT;
      if (!result.ok) {
        failed++;
        detail = result.detail;
      }
      onResult(settlement, result);
    }
    if (failed > 0) this.#tellFailed(items, failed, detail);
  }

  #failed(items: readonly Settlement[], error: unknown): void {
    const { onResult, onHopeless, onFatal } = this.#options;
    const fatal = error instanceof QueueError && error.kind === "fatal" && this.#refusal.refused() ? error : undefined;
    const result: EntryResult = { ok: false, kind: "again", detail: words(error) };
    for (const settlement of items) {
      if (fatal) onHopeless(settlement);
      else onResult(settlement, result);
    }
    this.#tellFailed(items, items.length, error);
    if (fatal) onFatal(fatal);
  }

  #tellFailed(items: readonly Settlement[], count: number, error: unknown): void {
    const { kind } = items[0]!.operation;
    const operation = kind === "none" ? "visibility" : kind;
    this.#options.telemetry({ kind: "settleFailed", operation, count, error });
  }
}

const handles = (items: readonly Settlement[]) => items.map(({ delivery }) => delivery.message.handle);

const change = ({ delivery, operation }: Settlement) => ({
  handle: delivery.message.handle,
  seconds: operation.kind === "visibility" ? operation.seconds : 0,
});

const letter = ({ delivery, operation }: Settlement) => ({
  message: delivery.message,
  reason: operation.kind === "deadLetter" ? operation.reason : "",
});
