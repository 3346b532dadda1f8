import type { LetterQueue } from "../letters/letter-queue.js";

/** Where the dead letters are, opened for one look or action. */
export interface OpenedLetters extends LetterQueue {
  readonly queue: { readonly url: string };
  readonly source: { readonly url: string; readonly arn: string | undefined } | undefined;
  readonly count: number;
  close(): void;
}

export type OpenLetters = (signal: AbortSignal) => Promise<OpenedLetters>;

export const OPEN_WITHIN_MS = 15_000;
/** One look or action may take so long. */
export const PASS_WITHIN_MS = 60_000;
