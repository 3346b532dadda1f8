import type { Clock, Timer } from "../pipeline/clock.js";
import type { HoldEnd } from "../pipeline/idempotency.js";

export interface ClaimKeeperOptions {
  readonly clock: Clock;
  readonly leaseMs: number;
  /** Monotonic milliseconds at which the lease was asked for. */
  readonly since: number;
  /** Moves the end of the lease to `leaseMs` from now; rejects when the table doesn't answer. */
  readonly renew: () => Promise<HoldEnd>;
  /** Told once that the key is, or may soon be, another's. */
  readonly onLost: (detail: string) => void;
  readonly onFailed: (error: unknown) => void;
  /** True: a lease that can't be renewed is tried on and on; only what another run has taken over is lost. */
  readonly patient: boolean;
}

/** Of the lease: when it is renewed, how long after a failure it is tried again, and what is left when it is given up. */
const RENEW_AT = 1 / 2;
const AGAIN_AFTER = 1 / 12;
const MARGIN = 1 / 10;
const MARGIN_MAX_MS = 5_000;

/** Renews the claim of one run, for as long as it lasts. A short run costs a timer and no call. */
export class ClaimKeeper {
  readonly #options: ClaimKeeperOptions;
  #endsAt: number;
  #timer: Timer;
  #stopped = false;

  constructor(options: ClaimKeeperOptions) {
    this.#options = options;
    this.#endsAt = options.since + options.leaseMs;
    this.#timer = this.#after(options.leaseMs * RENEW_AT);
  }

  stop(): void {
    this.#stopped = true;
    this.#options.clock.clearTimer(this.#timer);
  }

  #after(ms: number): Timer {
    return this.#options.clock.setTimer(() => void this.#renew(), ms);
  }

  async #renew(): Promise<void> {
    const { clock, leaseMs, renew, onFailed, patient } = this.#options;
    const askedAt = clock.monotonic();
    try {
      const end = await renew();
      if (this.#stopped) return;
      if (end.kind === "lost") return this.#lose("another run has taken its key over");
      this.#endsAt = askedAt + leaseMs;
      this.#timer = this.#after(leaseMs * RENEW_AT);
    } catch (error) {
      if (this.#stopped) return;
      onFailed(error);
      const left = this.#endsAt - Math.min(MARGIN_MAX_MS, leaseMs * MARGIN) - clock.monotonic();
      if (left <= 0 && !patient) return this.#lose("the claim on its key could not be renewed in time");
      const again = leaseMs * AGAIN_AFTER;
      this.#timer = this.#after(patient ? again : Math.min(again, left));
    }
  }

  #lose(detail: string): void {
    this.stop();
    this.#options.onLost(detail);
  }
}
