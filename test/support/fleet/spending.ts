import type { MessageRecord, Receipt, Run } from "./ledger.js";
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

/** A stop is asked to work off what is in hand if the pace says that it ends within so much of its budget. */
const WORKED_OFF_SHARE = 0.5;
/** What a task can have learnt of its agents' pace before a stop. */
const PACE_MS = 60_000;

/** For what the receives of a fleet's messages were spent, and which were spent without a choice. */
export class Spending {
  readonly #tasks: ReadonlyMap<string, TaskRecord>;
  readonly #maxReceiveCount: number;

  constructor(tasks: readonly TaskRecord[], maxReceiveCount: number) {
    this.#tasks = new Map(tasks.map((task) => [task.name, task]));
    this.#maxReceiveCount = maxReceiveCount;
  }

  of(receipt: Receipt): Spent {
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
    if (receipt.over) return "given back";
    return receipt.ofUnknownAge ? "freeze" : "ran out";
  }

  /** How many receives of a message were spent without a run, and nobody could have done better. */
  excused(message: MessageRecord): number {
    let forced = 0;
    let stops = 0;
    let deferred = 0;
    for (const receipt of message.receipts) {
      const spent = this.of(receipt);
      if (spent === "lost answer" || spent === "kill" || spent === "freeze" || spent === "shown") forced++;
      // A deferred one waits under its lease for as long as its task lives.
      if (spent === "stop" && receipt.runs.length > 0) deferred++;
      else if (spent === "stop" && this.#couldNotStay(receipt, message)) stops++;
    }
    // One stop may find a message waiting that it can't wait for; to have it wait at the next as well is a choice, but
    // for one that a FIFO queue hands out behind others of its group.
    return forced + deferred + (message.groupId === undefined ? Math.min(1, stops) : stops);
  }

  /** The pace of its task said that it couldn't be worked off, or it was held back on purpose. */
  #couldNotStay(receipt: Receipt, message: MessageRecord): boolean {
    const task = this.#tasks.get(receipt.task)!;
    // The last receive that a message has isn't given back while any time is left.
    if (message.groupId === undefined && receipt.count >= this.#maxReceiveCount) return false;
    const stoppedAt = this.#stoppedAt(receipt);
    const isRecent = ({ startedAt, endedAt = stoppedAt }: Run) =>
      startedAt <= stoppedAt + task.budgetMs && endedAt >= stoppedAt - PACE_MS;
    const recent = task.held.flatMap(({ receipt: { runs } }) => runs.filter(isRecent));
    // An outage: what it has is tried one at a time, with pauses.
    if (recent.filter(isFailure).length * 2 >= Math.max(1, recent.length)) return true;
    const waiting = task.held.filter(({ receipt: { at, over, runs } }) => {
      const startedAt = runs[0]?.startedAt ?? Number.POSITIVE_INFINITY;
      return at <= (receipt.over?.at ?? 0) && (over?.at ?? stoppedAt) >= stoppedAt && startedAt >= stoppedAt;
    }).length;
    const rounds = message.groupId === undefined ? Math.ceil(waiting / task.slots) : waiting;
    const longestMs = Math.max(0, ...recent.map((run) => (run.endedAt ?? stoppedAt) - run.startedAt));
    // A head that failed is tried again after its back-off, and its followers wait for it.
    const headFailed = task.held.some(
      ({ message: { groupId, place }, receipt: { runs } }) =>
        groupId !== undefined &&
        groupId === message.groupId &&
        place < message.place &&
        runs.some((run) => isRecent(run) && isFailure(run)),
    );
    return headFailed || longestMs * (1 + rounds) > task.budgetMs * WORKED_OFF_SHARE;
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

const isFailure = ({ end }: Run) => end === "failed" || end === "deferred";
