import type { Clock, Timer } from "../ports/clock.js";

const LOOK_MS = 500;
const MARGIN_MIN_MS = 1_000;
const MARGIN_MAX_MS = 5_000;

/** What ends by itself unless it is renewed in time: leases of messages, claims on keys. */
export interface Expiring {
  /** How many are held. */
  readonly size: number;
  /** Gives up those that end before `before`, in monotonic milliseconds. */
  loseExpiring(before: number): void;
}

/**
 * Gives up leases that could not be extended, a little before SQS shows their messages to others, so that an agent is
 * aborted before a second one starts. Also what notices, after the process was frozen, that its leases are gone.
 */
export class LeaseWatch {
  readonly #marginMs: number;
  #timer: Timer;
  #running = false;

  constructor(
    private readonly leases: Expiring,
    private readonly clock: Clock,
    visibilityTimeoutSeconds: number,
  ) {
    this.#marginMs = Math.min(MARGIN_MAX_MS, Math.max(MARGIN_MIN_MS, visibilityTimeoutSeconds * 100));
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#arm();
  }

  stop(): void {
    this.#running = false;
    this.clock.clearTimer(this.#timer);
  }

  #arm(): void {
    this.#timer = this.clock.setTimer(() => {
      if (!this.#running) return;
      if (this.leases.size > 0) this.leases.loseExpiring(this.clock.monotonic() + this.#marginMs);
      this.#arm();
    }, LOOK_MS);
  }
}
