import { WORKED_OFF_SHARE, whyGivenBack } from "./given-back.js";
import type { MessageRecord, Receipt } from "./ledger.js";
import type { TaskRecord } from "./task-record.js";

/**
 * What a receive was spent for. The first four are nobody's choice:
 * - `lost answer`: its answer never reached a task, its task had died, or the stop's budget was used up;
 * - `kill`: its task was killed while the message waited there;
 * - `freeze`: its task was frozen until the lease was over, or when the answer came: nobody can tell then when it ends;
 * - `shown`: SQS showed the message although it was held.
 * A stop's may have been unavoidable (see `Spending.excused`); the last four never are.
 */
export type Spent =
  | "run"
  | "lost answer"
  | "kill"
  | "freeze"
  | "shown"
  | "stop"
  | "gave up the call"
  | "given back"
  | "deferred"
  | "ran out";

/** For what the receives of a fleet's messages were spent, and which were spent without a choice. */
export class Spending {
  readonly #tasks: ReadonlyMap<string, TaskRecord>;
  readonly #maxReceiveCount: number;

  constructor(tasks: readonly TaskRecord[], maxReceiveCount: number) {
    this.#tasks = new Map(tasks.map((task) => [task.name, task]));
    this.#maxReceiveCount = maxReceiveCount;
  }

  of(receipt: Receipt, { receipts, shown }: MessageRecord): Spent {
    // It came again while its agent ran, which goes on with it.
    const runs = receipts
      .filter(({ task, at }) => task === receipt.task && at < receipt.at)
      .flatMap((each) => each.runs);
    if (shown && receipt.runs.length === 0 && runs.some(({ endedAt = receipt.at }) => endedAt >= receipt.at))
      return "shown";
    // An agent that defers says that the message is not at fault: such a run is no try.
    if (receipt.runs.some(({ end }) => end !== "deferred")) return "run";
    switch (receipt.over?.how) {
      case "killed":
        return receipt.seen ? "kill" : "lost answer";
      case "frozen":
        return "freeze";
      case "shown":
        return "shown";
    }
    if (!receipt.seen)
      return receipt.givenUpAt === undefined ? "lost answer" : this.#callOf(receipt, receipt.givenUpAt);
    // It left the queue, with the end of an earlier run.
    if (receipt.over?.how === "deleted") return "run";
    if (receipt.over && receipt.over.at >= this.#stoppedAt(receipt)) return "stop";
    if (receipt.runs.length > 0) return "deferred";
    if (receipt.ofUnknownAge) return "freeze";
    return receipt.over ? "given back" : "ran out";
  }

  /** How many receives of a message were spent without a run, and nobody could have done better. */
  excused(message: MessageRecord): number {
    let forced = 0;
    let stops = 0;
    for (const receipt of message.receipts) {
      const spent = this.of(receipt, message);
      if (spent === "lost answer" || spent === "kill" || spent === "freeze" || spent === "shown") forced++;
      if (spent !== "stop") continue;
      const why = whyGivenBack(receipt, message, this.#tasks.get(receipt.task)!, this.#maxReceiveCount);
      if (why === "deferred" || why === "kept to the end") forced++;
      else if (why === "too slow") stops++;
    }
    // One stop may find a message waiting that it can't wait for; to have it wait at the next as well is a choice, but
    // for one that a FIFO queue hands out behind others of its group.
    return forced + (message.groupId === undefined ? Math.min(1, stops) : stops);
  }

  /** Of a call that its task gave up. */
  #callOf(receipt: Receipt, givenUpAt: number): Spent {
    const task = this.#tasks.get(receipt.task)!;
    if (task.freezes.some(({ from, to }) => from <= givenUpAt && receipt.at <= to)) return "freeze";
    const budgetUsed = givenUpAt >= this.#stoppedAt(receipt) + task.budgetMs * WORKED_OFF_SHARE;
    return budgetUsed ? "lost answer" : "gave up the call";
  }

  #stoppedAt({ task }: Receipt): number {
    return this.#tasks.get(task)?.stoppedAt ?? Number.POSITIVE_INFINITY;
  }
}
