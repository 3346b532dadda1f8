import type { Ledger } from "../budget/ledger.js";
import type { Clock, Timer } from "../ports/clock.js";
import type { BudgetLanes } from "./budget-lanes.js";

/** What budgets let start within so long is fetched: longer than a receive takes, and less than a message may wait. */
const AHEAD_MS = 2_000;
/** Looked at again so long after budgets allowed nothing to be fetched. */
const LOOK_MS = 200;

export interface FetchPaceOptions {
  readonly ledger: Ledger;
  readonly lanes: Pick<BudgetLanes, "waitingFor">;
  readonly clock: Clock;
  /** Told when there may be more than there was. */
  readonly onRoom: () => void;
}

/** How much may be fetched for budgets to let it start soon. */
export class FetchPace {
  readonly #options: FetchPaceOptions;
  #timer: Timer;
  #stopped = false;

  constructor(options: FetchPaceOptions) {
    this.#options = options;
  }

  /** Messages that may be fetched now; Infinity where budgets don't bound that. */
  take(): number {
    const { ledger, lanes, clock, onRoom } = this.#options;
    if (ledger.isEmpty) return Number.POSITIVE_INFINITY;
    const count = ledger.startsWithin(AHEAD_MS, (budget) => lanes.waitingFor(budget));
    if (count !== Number.POSITIVE_INFINITY && !this.#stopped) {
      this.#timer ??= clock.setTimer(() => {
        this.#timer = undefined;
        onRoom();
      }, LOOK_MS);
    }
    return count;
  }

  /** Leaves no timer. */
  stop(): void {
    this.#stopped = true;
    this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
