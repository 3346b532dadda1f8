import type { Clock, Timer } from "../ports/clock.js";

/**
 * Looks again and again, from its start to its stop, with a pause between two looks. Starting twice or after the stop, and
 * stopping twice or before the start, are harmless.
 */
export class Rounds {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #look: () => void;
  readonly #stopping = new AbortController();
  #timer: Timer;
  #running = false;

  constructor(clock: Clock, everyMs: number, look: () => void) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#look = look;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Aborts with the stop: for the calls that a look has begun. */
  get stopped(): AbortSignal {
    return this.#stopping.signal;
  }

  /** The first look is made at once. */
  start(): void {
    if (this.#running || this.#stopping.signal.aborted) return;
    this.#running = true;
    this.#round();
  }

  stop(): void {
    this.#running = false;
    this.#stopping.abort();
    this.#clock.clearTimer(this.#timer);
  }

  readonly #round = (): void => {
    this.#look();
    this.#timer = this.#clock.setTimer(this.#round, this.#everyMs);
  };
}
