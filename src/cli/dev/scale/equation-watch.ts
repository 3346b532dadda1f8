import type { Equation, Ledger } from "./ledger.js";
import type { QueueLook } from "./queue-look.js";

/** A success is written before its message is deleted and read soon after; what is missing for longer is lost. */
const PATIENCE_LOOKS = 6;

/** What the equation says, look by look. */
export interface Verdict extends Equation {
  /** Whether it has held at every look so far. */
  readonly holds: boolean;
  /** Looks so far. */
  readonly looks: number;
  /** Messages that were missing for longer than a success can be on its way. */
  readonly lost: number;
}

/** Holds `sent = done + dead + there` against every look into the queues. */
export class EquationWatch {
  readonly #missing = new Map<number, number>();
  readonly #lost = new Set<number>();
  #looks = 0;
  #last: Equation = { sent: 0, done: 0, dead: 0, there: 0, missing: 0 };

  constructor(private readonly ledger: Ledger) {}

  /** @param highest see `Ledger.equation`. */
  judge(look: QueueLook, highest: number): Verdict {
    const { missingNumbers, ...equation } = this.ledger.equation(look, highest);
    this.#looks++;
    this.#last = equation;
    const still = new Set(missingNumbers);
    for (const n of this.#missing.keys()) if (!still.has(n)) this.#missing.delete(n);
    for (const n of missingNumbers) {
      const times = (this.#missing.get(n) ?? 0) + 1;
      this.#missing.set(n, times);
      if (times > PATIENCE_LOOKS) this.#lost.add(n);
    }
    return this.verdict;
  }

  get verdict(): Verdict {
    return { ...this.#last, holds: this.#lost.size === 0, looks: this.#looks, lost: this.#lost.size };
  }
}
