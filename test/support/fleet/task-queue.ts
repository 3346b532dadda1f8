import { type Clock, sleep } from "../../../src/pipeline/ports/clock.js";
import {
  type DeadLetter,
  type EntryResult,
  type Queue,
  QueueError,
  type ReceivedMessage,
  type VisibilityChange,
} from "../../../src/pipeline/ports/queue.js";
import type { MemoryQueue } from "../memory-queue.js";
import type { Gate } from "./gate.js";
import type { Receipt } from "./ledger.js";
import type { TaskRecord } from "./task-record.js";

export interface TaskQueueOptions {
  readonly queue: MemoryQueue;
  /** The fleet's: a request on its way goes on while its sender is frozen. */
  readonly clock: Clock;
  readonly gate: Gate;
  readonly record: TaskRecord;
  /** Of a request, and of its answer, in milliseconds. */
  readonly travelMs: number;
  /** How many answers of a hundred get lost, after their calls took effect. */
  readonly lostPercent: number;
  readonly random: () => number;
}

/** One call under way. */
interface Line {
  readonly kind: "poll" | "call";
  /** What the queue sees of its caller. */
  readonly heard: AbortController;
  /** What it has brought. */
  readonly receipts: Receipt[];
  givenUpAt?: number;
}

/** Of a hundred polls whose caller is gone, so many stay open on the queue's side and swallow what they bring. */
const UNNOTICED_PERCENT = 30;

/**
 * The queue as one task reaches it: over a wire on which requests and answers take their time, and whose end may be
 * frozen or dead. What takes effect is written into the task's record.
 */
export class TaskQueue implements Queue {
  readonly #options: TaskQueueOptions;
  readonly #lines = new Set<Line>();

  constructor(options: TaskQueueOptions) {
    this.#options = options;
  }

  get maxReceiveCount(): number | undefined {
    return this.#options.queue.maxReceiveCount;
  }

  async receive(max: number, waitSeconds: number, signal: AbortSignal): Promise<ReceivedMessage[]> {
    const { queue, record } = this.#options;
    const messages = await this.#call("poll", signal, async (heard, line) => {
      const taken = await queue.receive(max, waitSeconds, heard);
      for (const { id, receiveCount } of taken) line.receipts.push(record.received(id, receiveCount));
      markGivenUp(line);
      return taken;
    });
    for (const { id, receiveCount } of messages) record.saw(id, receiveCount);
    return messages;
  }

  delete(handles: readonly string[], signal: AbortSignal): Promise<EntryResult[]> {
    const { queue, record } = this.#options;
    return this.#call("call", signal, async (line) => {
      const held = handles.map((handle) => queue.state(partsOf(handle).id)?.receiveCount);
      const results = await queue.delete(handles, line);
      for (const [position, handle] of handles.entries()) {
        const { id, receiveCount } = partsOf(handle);
        if (results[position]?.ok && held[position] === receiveCount) record.deleted(id, receiveCount);
      }
      return results;
    });
  }

  changeVisibility(changes: readonly VisibilityChange[], signal: AbortSignal): Promise<EntryResult[]> {
    const { queue, record } = this.#options;
    return this.#call("call", signal, async (line) => {
      const results = await queue.changeVisibility(changes, line);
      for (const [position, { handle, seconds }] of changes.entries()) {
        const { id, receiveCount } = partsOf(handle);
        if (results[position]?.ok) record.hidden(id, receiveCount, seconds);
      }
      return results;
    });
  }

  copyToDeadLetters(letters: readonly DeadLetter[], signal: AbortSignal): Promise<EntryResult[]> {
    const { queue, record } = this.#options;
    return this.#call("call", signal, async (line) => {
      const results = await queue.copyToDeadLetters!(letters, line);
      for (const { message, reason } of letters) record.copied(message.id, message.receiveCount, reason);
      return results;
    });
  }

  /** The task died, and its connections with it. */
  hangUp(): void {
    for (const line of this.#lines) this.#leave(line, "the connection was reset");
  }

  #leave({ kind, heard }: Line, reason: unknown): void {
    if (kind === "poll" && this.#options.random() * 100 < UNNOTICED_PERCENT) return;
    heard.abort(reason);
  }

  #call<Answer>(
    kind: Line["kind"],
    signal: AbortSignal,
    ask: (heard: AbortSignal, line: Line) => Promise<Answer>,
  ): Promise<Answer> {
    const { clock, gate, travelMs, random, lostPercent } = this.#options;
    return new Promise((resolve, reject) => {
      if (gate.dead) return;
      const line: Line = { kind, heard: new AbortController(), receipts: [] };
      let over = false;
      const end = (finish: () => void) => {
        if (over) return;
        over = true;
        signal.removeEventListener("abort", given);
        finish();
      };
      const given = () =>
        end(() => {
          line.givenUpAt = clock.monotonic();
          markGivenUp(line);
          this.#leave(line, signal.reason);
          reject(new QueueError("deadline", `the call was given up: ${String(signal.reason)}`));
        });
      const travel = async (answer: () => void) => {
        if (travelMs > 0) await sleep(clock, travelMs);
        this.#lines.delete(line);
        gate.pass("answer", () => end(answer));
      };
      const go = async () => {
        const heard = line.heard.signal;
        if (travelMs > 0) await sleep(clock, travelMs, heard);
        const answer = await ask(heard, line);
        if (lostPercent > 0 && random() * 100 < lostPercent) throw new QueueError("unreachable", "ECONNRESET");
        return answer;
      };
      if (signal.aborted) return given();
      signal.addEventListener("abort", given, { once: true });
      this.#lines.add(line);
      void go().then(
        (answer) => travel(() => resolve(answer)),
        (error) => travel(() => reject(error)),
      );
    });
  }
}

function markGivenUp({ givenUpAt, receipts }: Line): void {
  if (givenUpAt !== undefined) for (const receipt of receipts) receipt.givenUpAt = givenUpAt;
}

/** A handle of the queue in memory says whose it is. */
function partsOf(handle: string): { id: string; receiveCount: number } {
  const [, id = "", count] = /^(.*)#(\d+)/.exec(handle) ?? [];
  return { id, receiveCount: Number(count) };
}
