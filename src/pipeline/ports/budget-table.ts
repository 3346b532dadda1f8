/** One task's wish for a block of a budget's tokens. Times are epoch milliseconds. */
export interface BlockRequest {
  readonly budget: string;
  readonly tokens: number;
  /** Of the whole budget, in a second. */
  readonly perSecond: number;
  readonly now: number;
  /** A block is given only if it begins within so many milliseconds. */
  readonly aheadMs: number;
}

/** A block: its tokens may be taken `from` then on. Or none yet: before `until` there is no use in asking again. */
export type BlockEnd =
  | { readonly kind: "block"; readonly from: number }
  | { readonly kind: "full"; readonly until: number };

/**
 * The port to the table in which a fleet's tasks share budgets: of each it holds the time up to which its tokens are given
 * out. Blocks follow each other in time, so that all of them together never exceed the rate, however many tasks ask.
 */
export interface BudgetTable {
  /** Rejects when the table doesn't answer, or can't be used. */
  reserve(request: BlockRequest, signal: AbortSignal): Promise<BlockEnd>;
  close(): void;
}

/** Blocks may begin so many milliseconds back, where tasks ask late; a budget that nobody used for longer begins anew. */
export const BURST_MS = 500;
