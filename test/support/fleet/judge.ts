import type { DeadMessage } from "../memory-message.js";
import { type MessageRecord, runsOf } from "./ledger.js";
import type { Remains } from "./remains.js";
import { Spending } from "./spending.js";
import type { TaskRecord } from "./task-record.js";
import type { Violation } from "./violation.js";

/** What an exit takes beyond the budget, for the last round trips. */
const EXIT_SLACK_MS = 1_000;

/** All that a fleet did that no fleet may do. What is no violation says so, with its reason. */
export function judge(remains: Remains): Violation[] {
  const { queue, ledger, tasks, witnessed, climate } = remains;
  const spending = new Spending(tasks, climate.maxReceiveCount);
  const left = new Set(queue.ids());
  const deleted = new Set(queue.deleted.map(({ id }) => id));
  const dead = Map.groupBy(queue.deadLetters, ({ id }) => id);
  const taskOf = new Map(tasks.map((task) => [task.name, task]));
  const violations = [...witnessed];
  for (const message of ledger.messages.values()) {
    const letters = dead.get(message.id) ?? [];
    const struck = message.shown || message.receipts.some(({ task, at }) => taskOf.get(task)!.struckAfter(at));
    for (const [kind, text] of [
      ...ofPlace(message, letters, left.has(message.id), deleted.has(message.id), struck || climate.lostPercent > 0),
      ...ofDeath(message, letters, spending, climate.maxReceiveCount),
      ...ofEnd(message, taskOf),
    ] as const) {
      violations.push({ kind, messageId: message.id, text });
    }
  }
  for (const task of tasks) violations.push(...ofStop(task));
  return violations;
}

type Found = readonly [Violation["kind"], string];

/** Every message is done, dead, or still there. */
function* ofPlace(
  message: MessageRecord,
  letters: readonly DeadMessage[],
  left: boolean,
  deleted: boolean,
  /** Between a copy or a success and its delete something was cut: the message comes again, which is the promise. */
  excused: boolean,
): Generator<Found> {
  const done = runsOf(message).some(({ end }) => end === "done");
  if (!left && !deleted && letters.length === 0) yield ["vanished", "it is neither done nor dead nor there"];
  if (left) yield ["left lying", "nothing disturbed the fleet for two hours, and it is still there"];
  if (deleted && !done && !letters.some(({ by }) => by === "copy")) {
    yield ["deleted without an end", "it was deleted without a success and without a copy"];
  }
  if (done && letters.length > 0 && !excused) yield ["both done and dead", "it is done, and dead"];
  if (letters.length > 1 && !excused) yield ["dead twice", `it is dead ${letters.length} times`];
}

/** A message becomes a dead letter only after it ran as often as maxReceiveCount says, or was rejected. */
function* ofDeath(
  message: MessageRecord,
  letters: readonly DeadMessage[],
  spending: Spending,
  maxReceiveCount: number,
): Generator<Found> {
  const all = runsOf(message);
  if (letters.length === 0 || all.some(({ end }) => end === "rejected")) return;
  const tries = all.filter(({ end }) => end !== "deferred").length;
  if (tries + spending.excused(message) >= maxReceiveCount) return;
  const spent = Object.entries(Object.groupBy(message.receipts, (receipt) => spending.of(receipt, message)))
    .map(([cause, receipts]) => `${cause} ${receipts!.length}`)
    .join(", ");
  const kind = all.length === 0 ? "dead without a run" : "dead too soon";
  yield [kind, `dead after ${tries} of ${maxReceiveCount} tries; its receives: ${spent}`];
}

/** What has ended well runs again only where its end may have got lost. */
function* ofEnd(message: MessageRecord, taskOf: ReadonlyMap<string, TaskRecord>): Generator<Found> {
  const runs = runsOf(message);
  const ended = runs.find(({ end }) => end === "done" || end === "rejected");
  if (!ended?.endedAt || message.shown || taskOf.get(ended.task)!.struckAfter(ended.startedAt)) return;
  const { endedAt } = ended;
  const again = runs.find(({ startedAt }) => startedAt > endedAt);
  if (again) yield ["ran again after its end", `${again.task} ran it after ${ended.task} had ended it: ${ended.end}`];
}

/** A stop ends within its budget, and leaves nothing hidden but what is to wait. */
function* ofStop(task: TaskRecord): Generator<Violation> {
  const { name, stoppedAt, exitedAt, killedAt, budgetMs, freezes, leftHidden } = task;
  const budgetEndsAt = (stoppedAt ?? Number.POSITIVE_INFINITY) + budgetMs;
  // One that was frozen until its budget was over has no call left when it thaws.
  const sleptThrough = freezes.some(({ from, to }) => from < budgetEndsAt && to >= budgetEndsAt);
  for (const messageId of sleptThrough ? [] : leftHidden) {
    yield { kind: "hidden after a stop", messageId, text: `${name} has exited, and it is still hidden` };
  }
  if (stoppedAt === undefined || (exitedAt === undefined && killedAt !== undefined)) return;
  const frozenMs = freezes.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, stoppedAt)), 0);
  const tookMs = (exitedAt ?? Number.POSITIVE_INFINITY) - stoppedAt;
  if (tookMs <= budgetMs + frozenMs + EXIT_SLACK_MS) return;
  yield { kind: "late stop", text: `${name} took ${tookMs / 1000} s to stop, with a budget of ${budgetMs / 1000} s` };
}
