import type { Letter } from "../aws/sqs/letter.js";
import type { EntryResult } from "../pipeline/ports/queue.js";

/** What of a dead-letter queue the commands need; DeadLetters is one. Batch methods take at most ten and keep the order. */
export interface LetterQueue {
  readonly fifo: boolean;
  /** Hides at most ten letters for `hideSeconds` and returns them; none when there is none to be had. */
  receive(hideSeconds: number, signal: AbortSignal): Promise<Letter[]>;
  release(handles: readonly string[], signal: AbortSignal): Promise<EntryResult[]>;
  delete(handles: readonly string[], signal: AbortSignal): Promise<EntryResult[]>;
  /** Sends copies to the queue `to`; deletes nothing. */
  sendBack(
    letters: readonly { readonly letter: Letter; readonly body: string }[],
    to: string,
    signal: AbortSignal,
  ): Promise<EntryResult[]>;
}
