import type { DeadLetters } from "../../aws/sqs/dead-letters.js";
import { hasNoMove, MessageMove, type MoveState } from "../../aws/sqs/message-move.js";
import { QueueError } from "../../pipeline/ports/queue.js";
import { CommandError } from "../failure.js";
import type { Progress } from "./progress.js";

const LOOK_MS = 500;
/** SQS may name a move some moments after it began; who doesn't within ten seconds will never say that it is over. */
const UNKNOWN_MAX = 20;
const never = new AbortController().signal;

export interface MoveEnd extends MoveState {
  readonly interrupted: boolean;
}

/**
 * Has SQS move everything, and watches it; cancels it when `stop` aborts.
 * @returns undefined where SQS has no such operation, or may not be asked: then nothing was moved.
 * @throws CommandError when SQS gave up, or doesn't say what becomes of it.
 */
export async function moveAll(
  letters: DeadLetters,
  {
    to,
    perSecond,
    stop,
    progress,
  }: { to: string; perSecond: number | undefined; stop: AbortSignal; progress: Progress },
): Promise<MoveEnd | undefined> {
  let move: MessageMove;
  try {
    move = await MessageMove.start(letters.calls, { from: letters.queue.arn!, to, perSecond }, never);
  } catch (error) {
    if (await hasNoMove(letters.calls, letters.queue.arn!, error, never)) return undefined;
    if (/already|only one|active task/i.test((error as Error).message)) {
      throw new CommandError("SQS is moving messages of this queue already, and does one such task at a time");
    }
    if (!(error instanceof QueueError) || error.kind === "fatal") throw error;
    throw new CommandError(`${error.message}; --copy sends the messages back one by one, without SQS's move`);
  }
  let cancelled = false;
  let unknown = 0;
  for (;;) {
    const state = await move.state(never);
    progress.show(state.moved, state.toMove);
    unknown = state.status === "unknown" ? unknown + 1 : 0;
    if (unknown === UNKNOWN_MAX) {
      throw new CommandError(
        "SQS began to move the messages and doesn't say how far it is: see what is in both queues before you try again",
      );
    }
    switch (state.status) {
      case "completed":
      case "cancelled":
        return { ...state, interrupted: cancelled };
      case "failed":
        throw new CommandError(`SQS gave up after ${state.moved} messages: ${state.failure ?? "it says not why"}`);
    }
    if (stop.aborted && !cancelled) {
      cancelled = true;
      // It may have ended in this moment; the next look tells.
      await move.cancel(never).catch(() => {});
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
