import { OUTCOME_KINDS } from "../pipeline/ports/outcome.js";
import { WITHOUT_RUN } from "../pipeline/ports/telemetry.js";
import type { ConsoleTotals, Now, Quantiles, QueueCounts } from "./api.js";
import type { ErrorGroup, ErrorGroups, Messages } from "./api-messages.js";
import { gatheredBudgets } from "./gathered-budgets.js";

/** What one of several workers says of itself. */
export interface Told {
  readonly target: string;
  readonly now: Now;
}

const SLOTS_MAX = 100;
const NAMES_MAX = 3;

/** Several workers' Now as one, but for its events: counts are summed, of times the middle is weighed and the worst kept. */
export function gathered(all: readonly Told[], at: number): Omit<Now, "events" | "eventsLeftOut"> {
  const nows = all.map(({ now }) => now);
  const sum = (value: (now: Now) => number) => nows.reduce((total, now) => total + value(now), 0);
  const worker = (name: "slots" | "busy" | "buffered" | "openPolls" | "settling") => sum(({ worker }) => worker[name]);
  const busiest = nows.filter(({ handledPerSecond }) => handledPerSecond > 0);
  const known = busiest.filter(({ successRate }) => successRate !== undefined);
  const weight = known.reduce((total, { handledPerSecond }) => total + handledPerSecond, 0);
  const queues = Object.values(Object.groupBy(nows, ({ queueName }) => queueName)).map((same) => queueOf(same!));
  const counts = queues.filter((queue) => queue !== undefined);
  const trouble = nows.flatMap(({ receiveTrouble }) => receiveTrouble ?? []).sort((a, b) => b.seconds - a.seconds)[0];
  const breaker = nows.find((now) => now.breaker)?.breaker;
  const queue = counts.length > 0 ? summedCounts(counts) : undefined;
  const budgets = gatheredBudgets(nows, queue?.waiting);
  const slots = nows.flatMap((now) => now.slots).sort((a, b) => a.since - b.since);
  return {
    queueName: namesOf(nows),
    startedAt: Math.min(at, ...nows.map(({ startedAt }) => startedAt)),
    now: at,
    worker: {
      state: nows.some(({ worker }) => worker.state === "running") ? "running" : (nows[0]?.worker.state ?? "idle"),
      slots: worker("slots"),
      busy: worker("busy"),
      buffered: worker("buffered"),
      heldBack: sum(({ worker }) => worker.heldBack ?? 0),
      unbudgeted: sum(({ worker }) => worker.unbudgeted ?? 0),
      openPolls: worker("openPolls"),
      settling: worker("settling"),
      meanAgentSeconds: nows.length === 0 ? 0 : sum(({ worker }) => worker.meanAgentSeconds) / nows.length,
    },
    notReady: all.flatMap(({ target, now }) => now.notReady.map((reason) => `${target}: ${reason}`)),
    tasks: nows.length,
    ...(queue && { queue }),
    slots: slots.slice(0, SLOTS_MAX),
    handled: sum((now) => now.handled),
    handledPerSecond: sum((now) => now.handledPerSecond),
    receivedPerSecond: sum((now) => now.receivedPerSecond),
    ...(weight > 0 && {
      successRate: known.reduce((total, now) => total + now.successRate! * now.handledPerSecond, 0) / weight,
    }),
    failuresPerMinute: sum((now) => now.failuresPerMinute),
    withoutRunPerMinute: sum((now) => now.withoutRunPerMinute),
    ...times(nows, "firstTryMs"),
    ...times(nows, "laterTryMs"),
    ...times(nows, "inQueueMs"),
    ...times(nows, "agentMs"),
    ...times(nows, "budgetWaitMs"),
    ...(budgets && { budgets }),
    totals: totalsOf(nows),
    hungAgents: sum((now) => now.hungAgents),
    ...(trouble && { receiveTrouble: trouble }),
    ...(breaker && { breaker }),
    newestMessage: sum((now) => now.newestMessage),
  };
}

/** Groups that are alike on several workers as one. */
export function gatheredErrors(all: readonly ErrorGroups[], now: number): ErrorGroups {
  const groups = new Map<string, ErrorGroup>();
  for (const group of all.flatMap(({ groups }) => groups)) {
    const other = groups.get(group.id);
    groups.set(group.id, other ? together(other, group) : group);
  }
  const others = all.reduce((sum, each) => sum + each.others, 0);
  return { now, groups: [...groups.values()].sort((a, b) => b.count - a.count), others };
}

/** The newest of all. */
export function gatheredMessages(all: readonly Messages[], now: number, limit: number): Messages {
  const messages = all.flatMap((each) => each.messages).sort((a, b) => b.at - a.at);
  return {
    now,
    kept: all.reduce((sum, { kept }) => sum + kept, 0),
    matching: all.reduce((sum, { matching }) => sum + matching, 0),
    messages: messages.slice(0, limit),
  };
}

function together(one: ErrorGroup, other: ErrorGroup): ErrorGroup {
  return {
    ...(other.lastAt > one.lastAt ? other : one),
    count: one.count + other.count,
    firstAt: Math.min(one.firstAt, other.firstAt),
    lastAt: Math.max(one.lastAt, other.lastAt),
    curve: one.curve.map((value, minute) => value + (other.curve[minute] ?? 0)),
  };
}

function namesOf(nows: readonly Now[]): string {
  const names = [...new Set(nows.map(({ queueName }) => queueName))].sort();
  return names.length <= NAMES_MAX ? names.join(", ") : `${names.length} queues`;
}

/** All workers of a queue count the same messages: the greatest is the best that is known. */
function queueOf(nows: readonly Now[]): QueueCounts | undefined {
  const known = nows.flatMap(({ queue }) => queue ?? []);
  if (known.length === 0) return undefined;
  const most = (name: keyof QueueCounts) => {
    const values = known.flatMap((queue) => queue[name] ?? []);
    return values.length > 0 ? { [name]: Math.max(...values) } : {};
  };
  return { ...most("inFlight"), ...most("delayed"), ...most("deadLetters"), waiting: most("waiting").waiting ?? 0 };
}

function summedCounts(queues: readonly QueueCounts[]): QueueCounts {
  return queues.reduce((sum, queue) => {
    const both = (name: keyof QueueCounts) =>
      sum[name] === undefined && queue[name] === undefined ? {} : { [name]: (sum[name] ?? 0) + (queue[name] ?? 0) };
    return { waiting: sum.waiting + queue.waiting, ...both("inFlight"), ...both("delayed"), ...both("deadLetters") };
  });
}

type TimesName = "firstTryMs" | "laterTryMs" | "inQueueMs" | "agentMs" | "budgetWaitMs";

/** Quantiles can't be put together: p50 is weighed by counts, of p95 and p99 the worst worker's is kept. */
function times(nows: readonly Now[], name: TimesName): Partial<Record<TimesName, Quantiles>> {
  const known = nows.flatMap((now) => now[name] ?? []);
  const count = known.reduce((sum, quantiles) => sum + quantiles.count, 0);
  if (count === 0) return {};
  const p50 = known.reduce((sum, quantiles) => sum + quantiles.p50 * quantiles.count, 0) / count;
  const worst = (which: "p95" | "p99") => Math.max(...known.map((quantiles) => quantiles[which]));
  return { [name]: { count, p50, p95: worst("p95"), p99: worst("p99") } };
}

function totalsOf(nows: readonly Now[]): ConsoleTotals {
  const all = nows.map(({ totals }) => totals);
  const sum = (value: (totals: ConsoleTotals) => number) => all.reduce((total, each) => total + value(each), 0);
  const byKind = OUTCOME_KINDS.map((kind) => [kind, sum(({ settled }) => settled[kind])]);
  const byCause = WITHOUT_RUN.map((cause) => [cause, sum(({ withoutRun }) => withoutRun[cause])]);
  return {
    receives: sum((totals) => totals.receives),
    received: sum((totals) => totals.received),
    settled: Object.fromEntries(byKind) as ConsoleTotals["settled"],
    uncertain: sum((totals) => totals.uncertain),
    deadLettered: sum((totals) => totals.deadLettered),
    released: sum((totals) => totals.released),
    withoutRun: Object.fromEntries(byCause) as ConsoleTotals["withoutRun"],
    retriedHere: sum((totals) => totals.retriedHere),
    deferred: sum((totals) => totals.deferred),
    receiveErrors: sum((totals) => totals.receiveErrors),
    settleErrors: sum((totals) => totals.settleErrors),
    extendErrors: sum((totals) => totals.extendErrors),
    leasesLost: sum((totals) => totals.leasesLost),
    abortsIgnored: sum((totals) => totals.abortsIgnored),
    crashes: sum((totals) => totals.crashes),
    oddAnswers: sum((totals) => totals.oddAnswers),
  };
}
