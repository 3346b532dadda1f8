import type { Clock, Timer } from "../ports/clock.js";
import type { OutcomeKind } from "../ports/outcome.js";
import type { Telemetry } from "../ports/telemetry.js";

/** The last so many ends decide; fewer say nothing. */
const WINDOW = 50;
const OPEN_SHARE = 0.8;
/** So many successes in a row show that the trouble is over. */
const CLOSE_AFTER = 5;
/** Where four of five messages are at fault themselves, so many fail in a row once in a hundred times. */
const FAILED_TRIES = 20;
const PAUSE_BASE_MS = 1_000;
const PAUSE_MAX_MS = 30_000;

export interface BreakerOptions {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Told when the breaker opens or closes, and when a pause is over. */
  readonly onChange: () => void;
}

/**
 * Keeps a storm of failures from walking the whole queue into the dead letters. When four of five of the last agents
 * have failed it opens: one message at a time from then on, until five in a row succeed. It also pauses between two, for
 * longer and longer: where messages are deferred, since a dependency or the agent's own program is broken, and where so
 * many fail in a row at their first try that it can't be the messages. A rejection needs no pause: the agent has called
 * it the message's fault.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  /** Ends in a ring: true = failed. */
  readonly #ends: boolean[] = [];
  #next = 0;
  #failures = 0;
  #open = false;
  #successes = 0;
  /** In a row, while open. */
  #deferrals = 0;
  /** First tries, in a row, while open. */
  #failedTries = 0;
  #pause: Timer;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** Open: one message at a time. */
  get open(): boolean {
    return this.#open;
  }

  /** Nothing is to be received for now. */
  get pausing(): boolean {
    return this.#pause !== undefined;
  }

  /** Counts how an agent ended. Ends that say nothing of the agent are left out. */
  record(outcome: OutcomeKind, receiveCount: number): void {
    if (outcome === "interrupted" || outcome === "leaseLost") return;
    const failed = outcome !== "done";
    this.#failures += Number(failed) - Number(this.#ends[this.#next] ?? false);
    this.#ends[this.#next] = failed;
    this.#next = (this.#next + 1) % WINDOW;
    if (this.#open) this.#try(outcome, receiveCount);
    else if (this.#ends.length === WINDOW && this.#failures >= WINDOW * OPEN_SHARE) this.#change(true);
  }

  /** Forgets its pause; nothing is received any more. */
  stop(): void {
    this.#options.clock.clearTimer(this.#pause);
    this.#pause = undefined;
  }

  #try(outcome: OutcomeKind, receiveCount: number): void {
    this.#successes = outcome === "done" ? this.#successes + 1 : 0;
    if (this.#successes >= CLOSE_AFTER) return this.#change(false);
    this.#deferrals = outcome === "defer" ? this.#deferrals + 1 : 0;
    if (outcome === "done" || outcome === "reject") this.#failedTries = 0;
    // What failed before mostly fails again, and says nothing new.
    else if (receiveCount <= 1) this.#failedTries++;
    const pauses = Math.max(this.#deferrals, this.#failedTries - FAILED_TRIES);
    if (pauses <= 0 || this.#pause !== undefined) return;
    const ms = Math.min(PAUSE_MAX_MS, PAUSE_BASE_MS * 2 ** Math.min(pauses - 1, 10));
    this.#pause = this.#options.clock.setTimer(() => {
      this.#pause = undefined;
      this.#options.onChange();
    }, ms);
  }

  #change(open: boolean): void {
    this.#options.telemetry({ kind: "breaker", open, failures: this.#failures, of: this.#ends.length });
    this.#open = open;
    this.#successes = 0;
    this.#deferrals = 0;
    this.#failedTries = 0;
    if (!open) {
      this.stop();
      this.#ends.length = 0;
      this.#next = 0;
      this.#failures = 0;
    }
    this.#options.onChange();
  }
}
