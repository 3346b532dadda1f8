import { Waits } from "../../../scaling/waits.js";
import type { WaitView } from "./scale-view.js";

/** How long messages waited from sent to agent started, by their first starts. */
export class WaitTimes {
  readonly #all = new Waits();
  /** Of messages that were sent and have not started. Epoch milliseconds of the fleet's clock. */
  readonly #sentAt = new Map<number, number>();
  #recent: number[] = [];

  sent(n: number, wallMs: number): void {
    this.#sentAt.set(n, wallMs);
  }

  /** When a message was sent that hasn't started yet. */
  sentAt(n: number): number | undefined {
    return this.#sentAt.get(n);
  }

  /** A start of message `n`; only the first one counts. */
  started(n: number, wallMs: number): void {
    const sentAt = this.#sentAt.get(n);
    if (sentAt === undefined) return;
    this.#sentAt.delete(n);
    const seconds = Math.max(0, wallMs - sentAt) / 1000;
    this.#all.add(seconds);
    this.#recent.push(seconds);
  }

  get all(): WaitView {
    const { quantile, max } = { quantile: (share: number) => this.#all.quantile(share), max: this.#all.max };
    return { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max };
  }

  /** Of messages that started since the last call. */
  takeRecent(): WaitView {
    const sorted = this.#recent.sort((a, b) => a - b);
    this.#recent = [];
    const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0 };
  }
}
