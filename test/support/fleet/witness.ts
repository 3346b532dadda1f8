import type { Clock } from "../../../src/pipeline/ports/clock.js";
import type { MemoryQueue } from "../memory-queue.js";
import { type Ledger, type MessageRecord, runsOf } from "./ledger.js";
import type { TaskRecord } from "./task-record.js";
import type { Violation } from "./violation.js";

/** A message of a FIFO group started while an earlier one hadn't ended well. */
interface Overtaking {
  readonly message: MessageRecord;
  readonly earlier: MessageRecord;
  readonly task: string;
  readonly at: number;
}

/** Sees what can only be seen at the moment: who holds a message while a run of it begins. */
export class Witness {
  readonly #violations: Violation[] = [];
  readonly #overtakings: Overtaking[] = [];

  constructor(
    private readonly queue: MemoryQueue,
    private readonly clock: Clock,
    private readonly ledger: Ledger,
    /** Whether a task's code runs now; a frozen or a dead one's doesn't. */
    private readonly acts: (task: string) => boolean,
  ) {}

  /** When all is over. */
  violations(): Violation[] {
    // One whose last try has failed is on its way to the dead letters: its followers needn't wait until it is there.
    const real = this.#overtakings.filter(
      ({ earlier, at }) => this.queue.state(earlier.id) || runsOf(earlier).some(({ startedAt }) => startedAt > at),
    );
    return [
      ...this.#violations,
      ...real.map(({ message, earlier, task }): Violation => {
        const text = `${task} starts it before ${earlier.id} of its group`;
        return { kind: "out of order", messageId: message.id, text };
      }),
    ];
  }

  /** A run is about to begin. */
  begins(task: TaskRecord, id: string): void {
    const message = this.ledger.of(id);
    // Shown while it was held, a message has two holders, each of whom is right: at-least-once delivery.
    if (!message.shown) {
      this.#isHeld(task, message, task.latest(id).count);
      this.#runsAlone(message, `${task.name} starts it`);
    }
    if (message.groupId !== undefined) this.#isInOrder(task, message);
  }

  /** A task that had been frozen has done all that it does at once. */
  thawed(task: TaskRecord): void {
    for (const { message, receipt } of task.held) {
      const goesOn = receipt.runs.some((run) => run.end === undefined && run.task === task.name);
      if (goesOn && !message.shown) this.#runsAlone(message, `${task.name} goes on after it thawed`, task.name);
    }
  }

  #isHeld(task: TaskRecord, { id }: MessageRecord, count: number): void {
    const state = this.queue.state(id);
    if (state?.receiveCount === count && state.visibleAt > this.clock.monotonic()) return;
    const why = !state
      ? "the queue doesn't have it any more"
      : state.receiveCount !== count
        ? `it was received for the time ${state.receiveCount} since`
        : "its time is up";
    this.#tell("started without a lease", id, `${task.name} starts receive ${count} of it, but ${why}`);
  }

  #runsAlone(message: MessageRecord, what: string, butFor?: string): void {
    for (const { task, end } of runsOf(message)) {
      if (end !== undefined || task === butFor || !this.acts(task)) continue;
      this.#tell("overlap", message.id, `${what} while ${task} runs it`);
    }
  }

  /** Of its group, all that were sent before it have ended well or left the queue. */
  #isInOrder(task: TaskRecord, message: MessageRecord): void {
    for (const earlier of this.ledger.messages.values()) {
      if (earlier.place >= message.place) return;
      if (earlier.groupId !== message.groupId || !this.queue.state(earlier.id)) continue;
      if (runsOf(earlier).some(({ end }) => end === "done" || end === "rejected")) continue;
      this.#overtakings.push({ message, earlier, task: task.name, at: this.clock.monotonic() });
    }
  }

  #tell(kind: Violation["kind"], messageId: string, text: string): void {
    this.#violations.push({ kind, messageId, text });
  }
}
