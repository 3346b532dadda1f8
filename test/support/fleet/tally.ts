import type { Remains } from "./remains.js";
import { Spending, type Spent } from "./spending.js";

/** What the receives of many fleets were spent for. */
export class Tally {
  readonly #spent = new Map<Spent, number>();
  #seeds = 0;
  #settled = 0;
  #receives = 0;
  #dead = 0;
  #worst = { seed: 0, receives: 0 };

  add({ climate, ledger, queue, tasks }: Remains): void {
    const spending = new Spending(tasks, climate.maxReceiveCount);
    let receives = 0;
    for (const message of ledger.messages.values()) {
      receives += message.receipts.length;
      for (const receipt of message.receipts) {
        const spent = spending.of(receipt, message);
        this.#spent.set(spent, (this.#spent.get(spent) ?? 0) + 1);
      }
    }
    const dead = new Set(queue.deadLetters.map(({ id }) => id)).size;
    const settled = ledger.messages.size - queue.ids().length;
    this.#seeds++;
    this.#settled += settled;
    this.#receives += receives;
    this.#dead += dead;
    const each = receives / Math.max(1, settled);
    if (each > this.#worst.receives) this.#worst = { seed: climate.seed, receives: each };
  }

  get dead(): number {
    return this.#dead;
  }

  /** Receives a message that was settled. */
  get receivesEach(): number {
    return this.#receives / Math.max(1, this.#settled);
  }

  text(): string {
    const spent = [...this.#spent].map(([cause, count]) => `${cause} ${count}`).join(", ");
    const { seed, receives } = this.#worst;
    return `${this.#seeds} seeds: ${this.#settled} messages settled, ${this.#dead} of them dead; ${this.receivesEach.toFixed(3)} receives each (at worst ${receives.toFixed(2)}, seed ${seed}); receives spent for: ${spent}`;
  }
}
