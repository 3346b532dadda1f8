import type { Clock } from "../ports/clock.js";
import { Rounds } from "./rounds.js";

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

/** So long before its end a lease that was not extended is given up. */
export function leaseMarginMs(visibilityTimeoutSeconds: number): number {
  return Math.min(MARGIN_MAX_MS, Math.max(MARGIN_MIN_MS, visibilityTimeoutSeconds * 100));
}

/**
 * Gives up leases that could not be extended, a little before SQS shows their messages to others, so that an agent is
 * aborted before a second one starts. Also what notices, after the process was frozen, that its leases are gone.
 */
export class LeaseWatch {
  readonly #rounds: Rounds;
  #lookedAt: number;
  #awakeSince: number;

  constructor(leases: Expiring, clock: Clock, visibilityTimeoutSeconds: number) {
    this.#lookedAt = clock.monotonic();
    this.#awakeSince = this.#lookedAt;
    const marginMs = leaseMarginMs(visibilityTimeoutSeconds);
    this.#rounds = new Rounds(clock, LOOK_MS, () => {
      const now = clock.monotonic();
      this.#awakeSince = this.#lookedAt;
      this.#lookedAt = now;
      if (leases.size > 0) leases.loseExpiring(now + marginMs);
    });
  }

  /**
   * Monotonic milliseconds since when this process has looked at what came in: an answer that it sees now came later. The
   * look before the last, since a process that wakes looks at the clock first.
   */
  get awakeSince(): number {
    return this.#awakeSince;
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): void {
    this.#rounds.stop();
  }
}
