import type { Clock } from "../ports/clock.js";

/**
 * Permissions and policies take seconds to spread, a deleted queue can be made anew after a minute: a refusal that is older
 * than both is there to stay.
 */
const LASTS_MS = 90_000;

/** Tells a refusal (queue gone, access denied, key disabled) that passes from one that ends the worker. */
export class LastingRefusal {
  readonly #clock: Clock;
  #answered: boolean;
  #since: number | undefined;

  /** @param answered false while nothing was ever permitted: then the first refusal counts, since somebody is starting. */
  constructor(clock: Clock, answered: boolean) {
    this.#clock = clock;
    this.#answered = answered;
  }

  /** A call was refused: true if that ends the worker. */
  refused(): boolean {
    const now = this.#clock.monotonic();
    this.#since ??= now;
    return !this.#answered || now - this.#since >= LASTS_MS;
  }

  /** A call was permitted. */
  permitted(): void {
    this.#answered = true;
    this.#since = undefined;
  }
}
