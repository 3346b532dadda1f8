import type { Claim } from "../../pipeline/ports/idempotency.js";

/** What this worker knows of a key without asking the table. */
export type KnownKey =
  | { readonly state: "running"; readonly payloadHash: string }
  /** A run has ended well, and the table doesn't know it yet. */
  | { readonly state: "unrecorded"; readonly payloadHash: string; readonly claim: Claim }
  | { readonly state: "finished"; readonly payloadHash: string; readonly at: number };

/** About 200 bytes each. */
const KEYS_MAX = 10_000;

/**
 * The latest keys that this worker has had to do with. A repetition that comes here costs no call to the table then, and
 * a result that could not be recorded is not lost while the worker lives.
 */
export class KnownKeys {
  readonly #keys = new Map<string, KnownKey>();

  /** @param keepMs how long a finished key holds, in milliseconds of `now`'s clock. */
  constructor(private readonly keepMs: number) {}

  get(key: string, now: number): KnownKey | undefined {
    const known = this.#keys.get(key);
    if (known?.state !== "finished" || now - known.at < this.keepMs) return known;
    this.#keys.delete(key);
    return undefined;
  }

  set(key: string, known: KnownKey): void {
    this.#keys.delete(key);
    this.#keys.set(key, known);
    if (this.#keys.size <= KEYS_MAX) return;
    // The oldest go, but none that is at work: there are no more of these than slots.
    for (const [old, { state }] of this.#keys) {
      if (state === "running") continue;
      this.#keys.delete(old);
      return;
    }
  }

  delete(key: string): void {
    this.#keys.delete(key);
  }
}
