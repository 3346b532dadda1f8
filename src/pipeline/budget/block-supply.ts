import type { BudgetSpec } from "../ports/budget.js";
import type { BudgetTable } from "../ports/budget-table.js";
import type { Clock } from "../ports/clock.js";
import { withDeadline } from "../ports/deadline.js";
import type { Supply } from "./supply.js";
import { TokenBucket } from "./token-bucket.js";

export interface BlockSupplyParts {
  readonly spec: BudgetSpec;
  readonly table: BudgetTable;
  readonly clock: Clock;
  /** Tasks that ask, as far as is known. */
  readonly tasks: () => number;
  /** Told when tokens have come. */
  readonly onMore: () => void;
  /** Told when the table stops to answer, with the error, and when it answers again. */
  readonly onTable: (error: unknown) => void;
}

/** All tasks together ask about five times a second for each budget. */
const ASK_EVERY_PER_TASK_MS = 200;
const ASK_MIN_MS = 250;
const ANSWER_WITHIN_MS = 1_000;
/** A table that doesn't answer is asked again so much later; the task's share serves meanwhile. */
const DOWN_MS = 10_000;
/** Blocks are asked for by what was taken of late, and a part more: so that a task whose load grows gets more. */
const GROWTH = 1.25;
/** Tokens that nobody took for so long are others'. */
const KEPT_MS = 5_000;
const ROUNDING = 1e-6;
const AHEAD_LEAST_MS = 60_000;
const CLOCKS = "its tokens are given out far ahead: is this task's clock wrong, or was another's?";

/** Tokens of a whole budget, taken in blocks from a table; of this task's share alone while the table doesn't answer. */
export class BlockSupply implements Supply {
  readonly #parts: BlockSupplyParts;
  readonly #perSecond: number;
  readonly #share: TokenBucket;
  #shareRate = 0;
  /** What its provider takes of the budget: a block lasts as much longer, for all tasks, since all call the same provider. */
  #part = 1;
  #tokens = 0;
  /** Blocks that begin later, in order. */
  readonly #coming: { readonly at: number; readonly tokens: number }[] = [];
  #filledAt: number;
  #takenSince = 0;
  #asking = false;
  #askAt = Number.NEGATIVE_INFINITY;
  #down = false;

  constructor(parts: BlockSupplyParts) {
    const { spec, clock } = parts;
    const now = clock.monotonic();
    this.#parts = parts;
    this.#perSecond = spec.amount / spec.perSeconds;
    this.#share = new TokenBucket(this.#perSecond, now);
    this.#filledAt = now;
  }

  get answers(): boolean {
    return !this.#down;
  }

  has(amount: number, now: number): boolean {
    return this.inMs(amount, now) === 0;
  }

  inMs(amount: number, now: number): number {
    this.#arrive(now);
    if (this.#down) {
      if (now >= this.#askAt) this.#ask(amount, now);
      return this.#share.inMs(amount, now);
    }
    // What is more than a block ever holds is overdrawn, and paid back first.
    if (this.#tokens + ROUNDING >= Math.min(amount, this.#largest)) return 0;
    if (this.#coming.length === 0) this.#ask(amount - this.#tokens, now);
    const [next] = this.#coming;
    return Math.max(1, next ? next.at - now : this.#asking ? ANSWER_WITHIN_MS : this.#askAt - now);
  }

  take(amount: number, now: number): void {
    this.#arrive(now);
    if (this.#down) this.#share.take(amount, now);
    // What comes back is no more than a block either: it was of a time that has passed.
    else if (amount < 0) this.#tokens = Math.max(this.#tokens, Math.min(this.#largest, this.#tokens - amount));
    else this.#tokens -= amount;
    this.#takenSince += amount;
    // The next block is asked for before the last token is taken.
    if (!this.#down && this.#coming.length === 0 && this.#tokens < this.#wanted / 2) this.#ask(0, now);
  }

  within(ms: number, now: number): number {
    this.#arrive(now);
    if (this.#down) return this.#share.within(ms, now);
    const coming = this.#coming.reduce((sum, { tokens }) => sum + tokens, 0);
    return this.#tokens + coming + (this.#shareRate * ms) / 1000;
  }

  setRate(perSecond: number, now: number, part: number): void {
    this.#part = part;
    this.#shareRate = perSecond;
    this.#share.setRate(perSecond, now);
  }

  get #everyMs(): number {
    return Math.max(ASK_MIN_MS, this.#parts.tasks() * ASK_EVERY_PER_TASK_MS);
  }

  get #largest(): number {
    return Math.max(1, (this.#perSecond * this.#everyMs) / 1000);
  }

  /** Tokens that are given out for longer than this were given by a clock that is wrong, or of a budget that was smaller. */
  get #aheadMost(): number {
    return AHEAD_LEAST_MS + 4 * this.#everyMs + 2_000 / this.#perSecond;
  }

  /** Of the next block, by what was taken since the last one was asked for. */
  get #wanted(): number {
    const share = this.#largest / Math.max(1, this.#parts.tasks());
    return Math.max(1, Math.min(this.#largest, Math.max(share, this.#takenSince * GROWTH)));
  }

  #arrive(now: number): void {
    if (this.#tokens > 0 && now - this.#filledAt > KEPT_MS) this.#tokens = 0;
    while (this.#coming.length > 0 && this.#coming[0]!.at <= now) {
      this.#tokens += this.#coming.shift()!.tokens;
      this.#filledAt = now;
    }
  }

  #ask(missing: number, now: number): void {
    if (this.#asking || now < this.#askAt) return;
    this.#asking = true;
    const tokens = Math.max(
      this.#wanted,
      Math.min(Math.max(0, missing), this.#largest),
      Math.min(this.#largest, -this.#tokens),
    );
    this.#askAt = now + this.#everyMs / 2;
    void this.#reserve(tokens);
  }

  /** Never rejects. */
  async #reserve(tokens: number): Promise<void> {
    const { spec, table, clock, onMore } = this.#parts;
    const [monotonic, wall] = [clock.monotonic(), clock.wall()];
    const request = {
      budget: spec.name,
      tokens,
      perSecond: this.#perSecond * this.#part,
      now: wall,
      aheadMs: 2 * this.#everyMs,
    };
    try {
      const end = await withDeadline(clock, ANSWER_WITHIN_MS, undefined, (signal) => table.reserve(request, signal));
      if (end.kind === "block") {
        this.#coming.push({ at: monotonic + Math.max(0, end.from - wall), tokens });
        this.#takenSince = 0;
      } else {
        if (end.until - wall > this.#aheadMost) throw new Error(CLOCKS);
        this.#askAt = monotonic + Math.max(ASK_MIN_MS, end.until - wall);
      }
      this.#told(undefined);
    } catch (error) {
      this.#askAt = clock.monotonic() + DOWN_MS;
      this.#told(error);
    } finally {
      this.#asking = false;
    }
    onMore();
  }

  #told(error: unknown): void {
    const down = error !== undefined;
    if (down === this.#down) return;
    this.#down = down;
    this.#parts.onTable(error);
  }
}
