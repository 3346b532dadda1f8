/** So many are looked for at once. */
const LEAST = 20;
/** And then one receive's worth at a time: a fleet's tasks look equally far, and none has it all. */
const STEP = 10;
const STEP_EVERY_MS = 200;

/**
 * How many messages that wait for a budget are held to look for others behind them that may need none, where a function says
 * what each takes and has not said 0 so far.
 */
export class LookBeyond {
  #most = LEAST;
  #steppedAt = Number.NEGATIVE_INFINITY;

  /** @param waiting messages that are held so far. */
  most(waiting: number, now: number): number {
    if (waiting < LEAST) this.#most = LEAST;
    else if (now - this.#steppedAt >= STEP_EVERY_MS) {
      this.#most = waiting + STEP;
      this.#steppedAt = now;
    }
    return this.#most;
  }
}
