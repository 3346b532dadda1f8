import type { Clock, Timer } from "../ports/clock.js";
import type { Outcome } from "../ports/outcome.js";
import type { Telemetry } from "../ports/telemetry.js";

/** The last so many ends decide. */
const WINDOW = 50;
const OPEN_SHARE = 0.8;
/** So many failures in a row decide as well: where four of five messages are at fault they come once in a hundred times. */
const OPEN_AFTER = 20;
/** So many successes in a row show that the trouble is over. */
const CLOSE_AFTER = 5;
/** So many first tries that failed in a row are no matter of the messages. */
const OUTAGE_TRIES = 60;
/** Neither are fewer, if they came back and failed so often again. What failed once mostly does: alone it says nothing. */
const OUTAGE_TRIES_MIN = 8;
const OUTAGE_ROUNDS = 2;
const PAUSE_BASE_MS = 1_000;
const PAUSE_MAX_MS = 30_000;

export interface BreakerOptions {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Told when the breaker opens or closes, and when a pause is over. */
  readonly onChange: () => void;
}

/**
 * Keeps a storm of failures from walking the whole queue into the dead letters. When four of five of the last agents have
 * failed, or twenty in a row, it opens: one message at a time from then on, until five in a row succeed. It also pauses
 * between two, for longer and longer: where messages are deferred, since a dependency or the agent's own program is broken,
 * and where so many fail in a row that it can't be the messages. A rejection needs no pause: the agent has called it the
 * message's fault.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  /** Ends in a ring: true = failed. */
  readonly #ends: boolean[] = [];
  #next = 0;
  #failures = 0;
  /** Failures since the last success or rejection: of messages that had never run, and of others. */
  #firstTries = 0;
  #laterTries = 0;
  #open = false;
  #successes = 0;
  /** In a row, while open. */
  #deferrals = 0;
  /** In a row, while open: each makes the next longer. */
  #pauses = 0;
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

  /** Open, and twenty or more have ended since one succeeded or was rejected: it isn't the messages. */
  get nothingSucceeds(): boolean {
    return this.#open && this.#firstTries + this.#laterTries >= OPEN_AFTER;
  }

  /** Counts how an agent ended. Ends that say nothing of the agent are left out. `isFirst`: it never ran before. */
  record(outcome: Outcome, isFirst: boolean): void {
    if (outcome.kind === "interrupted" || outcome.kind === "leaseLost") return;
    if (outcome.kind === "defer" && (outcome.awaitsRun || outcome.busy)) return;
    const failed = outcome.kind !== "done";
    this.#failures += Number(failed) - Number(this.#ends[this.#next] ?? false);
    this.#ends[this.#next] = failed;
    this.#next = (this.#next + 1) % WINDOW;
    if (outcome.kind === "done" || outcome.kind === "reject") {
      this.#firstTries = 0;
      this.#laterTries = 0;
    } else if (outcome.kind === "retry") {
      if (isFirst) this.#firstTries++;
      else this.#laterTries++;
    }
    if (this.#open) this.#try(outcome, isFirst);
    else if (this.#ends.length === WINDOW && this.#failures >= WINDOW * OPEN_SHARE) this.#change(true);
    else if (this.#firstTries + this.#laterTries >= OPEN_AFTER) this.#change(true);
  }

  /** Forgets its pause; nothing is received any more. */
  stop(): void {
    this.#options.clock.clearTimer(this.#pause);
    this.#pause = undefined;
  }

  /** So many have failed in a row that it can't be the messages. */
  get #isOutage(): boolean {
    if (this.#firstTries >= OUTAGE_TRIES) return true;
    return this.#firstTries >= OUTAGE_TRIES_MIN && this.#laterTries >= this.#firstTries * OUTAGE_ROUNDS;
  }

  #try({ kind }: Outcome, isFirst: boolean): void {
    if (kind === "done") this.#successes++;
    // What failed or waited before says nothing new.
    else if (isFirst) this.#successes = 0;
    if (this.#successes >= CLOSE_AFTER) return this.#change(false);
    this.#deferrals = kind === "defer" ? this.#deferrals + 1 : 0;
    if (kind === "done" || kind === "reject") this.#pauses = 0;
    else if (this.#deferrals > 0 || this.#isOutage) this.#rest();
  }

  #rest(): void {
    if (this.#pause !== undefined) return;
    const ms = Math.min(PAUSE_MAX_MS, PAUSE_BASE_MS * 2 ** Math.min(this.#pauses++, 10));
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
    this.#pauses = 0;
    if (open && this.#isOutage) this.#rest();
    if (!open) {
      this.stop();
      this.#ends.length = 0;
      this.#next = 0;
      this.#failures = 0;
    }
    this.#options.onChange();
  }
}
