import type { MessageRecord, Receipt, Run } from "./ledger.js";
import type { TaskRecord } from "./task-record.js";

/** A stop is asked to work off what is in hand if the pace says that it ends within so much of its budget. */
export const WORKED_OFF_SHARE = 0.5;
/** Of a stop's budget, what is kept for agents that heed their abort and for the last calls. */
const RESERVE_MS = 5_000;
const RESERVE_SHARE = 0.4;
/** What a task can have learnt of its agents' pace before a stop. */
const PACE_MS = 60_000;

/**
 * Why a stop gave back a message that hadn't run, if it had no choice:
 * - `deferred`: its agent had deferred it, or a run elsewhere holds its key; it waits that out under its lease for as long
 *   as its task lives;
 * - `kept to the end`: it waited for a slot for as long as agents may run;
 * - `too slow`: the task's pace said that it couldn't be worked off, most of its agents failed, or the head of its
 *   group had failed and waited for its next try. No reason for the last receive that a message has.
 */
export function whyGivenBack(
  { at, count, over, runs }: Receipt,
  message: MessageRecord,
  task: TaskRecord,
  maxReceiveCount: number,
): "deferred" | "kept to the end" | "too slow" | undefined {
  const { stoppedAt = Number.POSITIVE_INFINITY, budgetMs, held, slots } = task;
  const { groupId, place } = message;
  const givenBackAt = over?.at ?? Number.POSITIVE_INFINITY;
  if (runs.length > 0 || over?.how === "hidden") return "deferred";
  if (givenBackAt - stoppedAt >= budgetMs - Math.min(RESERVE_MS, budgetMs * RESERVE_SHARE)) return "kept to the end";
  // A FIFO queue hands a message out with those before it, whether it has another receive or not.
  if (groupId === undefined && count >= maxReceiveCount) return undefined;
  const isRecent = ({ startedAt, endedAt = stoppedAt }: Run) =>
    startedAt <= stoppedAt + budgetMs && endedAt >= stoppedAt - PACE_MS;
  const recent = held.flatMap(({ receipt }) => receipt.runs.filter(isRecent));
  if (recent.length > 0 && recent.filter(isFailure).length * 2 >= recent.length) return "too slow";
  const behindFailed = held.some(
    ({ message: head, receipt }) =>
      groupId !== undefined && head.groupId === groupId && head.place < place && receipt.runs.some(isFailure),
  );
  if (behindFailed) return "too slow";
  const waiting = held.filter(({ receipt: other }) => {
    const waitedUntil = other.runs[0]?.startedAt ?? other.over?.at ?? Number.POSITIVE_INFINITY;
    return other.at <= givenBackAt && waitedUntil >= stoppedAt;
  }).length;
  const rounds = groupId === undefined ? Math.ceil(waiting / slots) : waiting;
  const longestMs = Math.max(0, ...recent.map(({ startedAt, endedAt = stoppedAt }) => endedAt - startedAt));
  const neededMs = Math.max(0, at - stoppedAt) + longestMs * (1 + rounds);
  return neededMs > budgetMs * WORKED_OFF_SHARE ? "too slow" : undefined;
}

const isFailure = ({ end }: Run) => end === "failed" || end === "deferred";
