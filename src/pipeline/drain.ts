import type { Dispatcher } from "./dispatch/dispatcher.js";
import type { Poller } from "./poll/poller.js";
import { type Clock, sleep } from "./ports/clock.js";
import type { Telemetry } from "./ports/telemetry.js";
import type { Processor } from "./run/processor.js";
import { CHECKPOINT_MS } from "./run/run-control.js";
import type { Acknowledger } from "./settle/acknowledger.js";

export interface DrainOptions {
  readonly poller: Poller;
  readonly dispatcher: Dispatcher;
  readonly processor: Processor;
  readonly acknowledger: Acknowledger;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly budgetSeconds: number;
}

/** Of the budget, in which what is in hand but not yet started is to end, by the agents' pace. */
const WORK_OFF_SHARE = 0.5;
const SHUTTING_DOWN = "the worker is shutting down";
/** Of the budget, what is kept for agents that heed their abort and for settling. */
const RESERVE_MS = 5_000;
const RESERVE_SHARE = 0.4;
/** Of the reserve, what is kept for the last calls to the queue. */
const LAST_CALLS_SHARE = 0.4;
/** Of the reserve, without the last calls, what passes before a process is killed: it is to be gone before its message is released. */
const KILL_SHARE = 2 / 3;
/** Of the budget, what is kept before the reserve for agents that save checkpoints. */
const CHECKPOINT_SHARE = 0.2;

/**
 * Ends all work within a budget, so that nothing of ours runs and nothing of ours is hidden:
 * 1. No further poll is opened. The open ones end by themselves, since aborting one hides what it was about to bring.
 * 2. What waits in the buffer, and what the open polls still bring, is worked off as far as the agents' pace says that it
 *    ends within half of the budget, what has the most receives first. Only the rest is made visible, when no open poll
 *    can fetch it again; not what would become a dead letter so, as long as there is any time.
 * 3. Agents run on until the reserve begins, but for those that save checkpoints: these are asked for some seconds
 *    earlier. Then their signals abort, and what they leave is made visible.
 * 4. Agents that don't heed that lose their message: it is made visible while they still run, and the process ends.
 * 5. Deletes and visibility changes are sent without waiting for company, until all are certain or the time is up.
 * @returns false when work had to be given up: agents were aborted, or the last calls had no answer.
 */
export async function drain(options: DrainOptions): Promise<boolean> {
  const { poller, dispatcher, processor, acknowledger, clock, telemetry, budgetSeconds } = options;
  const budgetMs = budgetSeconds * 1000;
  const reserveMs = Math.min(RESERVE_MS, budgetMs * RESERVE_SHARE);
  const graceMs = reserveMs * (1 - LAST_CALLS_SHARE) * KILL_SHARE;
  const startedAt = clock.monotonic();
  const within = async (promise: Promise<unknown>, atMs: number): Promise<boolean> => {
    const enough = new AbortController();
    const late = sleep(clock, Math.max(0, startedAt + atMs - clock.monotonic()), enough.signal).then(() => false);
    const inTime = await Promise.race([promise.then(() => true), late]);
    enough.abort();
    return inTime;
  };

  const polled = poller.stop();
  acknowledger.hurry();
  const saveMs = Math.min(CHECKPOINT_MS, budgetMs * CHECKPOINT_SHARE);
  const abortMs = budgetMs - reserveMs - saveMs;
  const workOffMs = Math.min(budgetMs * WORK_OFF_SHARE, abortMs);
  dispatcher.close(workOffMs);
  telemetry({
    kind: "draining",
    running: dispatcher.busy,
    unstarted: dispatcher.buffered + dispatcher.heldBack,
    openPolls: poller.open,
    pollsMs: poller.endsInMs,
    budgetMs,
  });
  const workedOff = polled.then(() => {
    dispatcher.pollsEnded();
    return dispatcher.idle();
  });
  if (!(await within(workedOff, workOffMs))) dispatcher.giveBackUnstarted();
  const ended = await within(workedOff, abortMs);
  if (!ended) processor.saveAndAbortSavers("shutdown", SHUTTING_DOWN, saveMs, graceMs);
  if (!ended) await within(workedOff, budgetMs - reserveMs);
  dispatcher.shut();
  const inTime = dispatcher.busy === 0;
  let clean = inTime && processor.interrupted === 0;
  if (!inTime) {
    processor.abortAll("shutdown", SHUTTING_DOWN, graceMs);
    await within(dispatcher.idle(), budgetMs - reserveMs * LAST_CALLS_SHARE);
    processor.abandon();
    for (const delivery of dispatcher.running()) {
      acknowledger.release(delivery, "abandoned", "the drain's budget is used up");
    }
  }
  if (!(await within(polled, budgetMs - reserveMs * LAST_CALLS_SHARE))) poller.cut();
  await within(polled, budgetMs);
  if (!(await within(acknowledger.idle(), budgetMs))) {
    acknowledger.abandon();
    clean = false;
  }
  return clean;
}
