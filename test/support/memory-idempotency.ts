import {
  CLOCK_SKEW_MAX_MS,
  type Claim,
  type ClaimEnd,
  type ClaimRequest,
  type HoldEnd,
  type IdempotencyTable,
  TableError,
} from "../../src/pipeline/ports/idempotency.js";

type Operation = "check" | "claim" | "renew" | "complete" | "release";

/** What goes wrong with one call: it isn't made, or it is made and its answer gets lost. */
export type TableFault = "down" | "lost" | "unusable";

interface Item {
  state: "running" | "finished";
  owner: string;
  fence: number;
  leaseUntil: number;
  payloadHash: string;
  expiresAt: number;
}

/** A table of keys in memory. Faults are put in by `failNext`, and every call is kept in `calls`. */
export class MemoryIdempotency implements IdempotencyTable {
  readonly calls: { readonly operation: Operation; readonly key: string }[] = [];
  readonly items = new Map<string, Item>();
  /** While true, every call fails. */
  down = false;
  /** Before each call, and after it with its answer: where a test may end a worker's life. */
  onCall: ((operation: Operation, phase: "before" | "after") => void | Promise<void>) | undefined;
  readonly #faults = new Map<Operation, TableFault[]>();
  closed = false;

  constructor(private readonly keepSeconds = 2_592_000) {}

  failNext(operation: Operation, fault: TableFault, times = 1): void {
    this.#faults.set(operation, [...(this.#faults.get(operation) ?? []), ...Array(times).fill(fault)]);
  }

  async check(): Promise<void> {
    await this.#make("check", "", () => {});
  }

  claim({ key, owner, payloadHash, now, leaseMs }: ClaimRequest): Promise<ClaimEnd> {
    return this.#make("claim", key, (): ClaimEnd => {
      const item = this.items.get(key);
      const free =
        !item ||
        item.expiresAt < now / 1000 ||
        (item.state === "running" && (item.owner === owner || item.leaseUntil < now - CLOCK_SKEW_MAX_MS));
      if (!free) {
        if (item.payloadHash !== payloadHash) return { kind: "otherPayload" };
        if (item.state === "finished") return { kind: "finished" };
        return { kind: "held", until: item.leaseUntil + CLOCK_SKEW_MAX_MS };
      }
      const fence = (item?.fence ?? 0) + 1;
      const leaseUntil = now + leaseMs;
      const expiresAt = leaseUntil / 1000 + this.keepSeconds;
      this.items.set(key, { state: "running", owner, fence, leaseUntil, payloadHash, expiresAt });
      return { kind: "claimed", fence };
    });
  }

  renew(claim: Claim, until: number): Promise<HoldEnd> {
    return this.#hold("renew", claim, (item) => {
      item.leaseUntil = Math.max(item.leaseUntil, until);
      item.expiresAt = item.leaseUntil / 1000 + this.keepSeconds;
    });
  }

  complete(claim: Claim, now: number): Promise<HoldEnd> {
    return this.#hold("complete", claim, (item) => {
      item.state = "finished";
      item.expiresAt = now / 1000 + this.keepSeconds;
    });
  }

  release(claim: Claim): Promise<HoldEnd> {
    return this.#hold("release", claim, (item) => {
      item.leaseUntil = 0;
    });
  }

  close(): void {
    this.closed = true;
  }

  #hold(operation: Operation, claim: Claim, apply: (item: Item) => void): Promise<HoldEnd> {
    return this.#make(operation, claim.key, (): HoldEnd => {
      const item = this.items.get(claim.key);
      if (!item) return { kind: "lost", to: "gone" };
      const mine = item.owner === claim.owner && item.fence === claim.fence;
      const ended = item.state === "finished" || (operation === "renew" && item.leaseUntil === 0);
      if (!mine || (operation !== "complete" && ended)) return { kind: "lost", to: item.state };
      apply(item);
      return { kind: "held" };
    });
  }

  async #make<Answer>(operation: Operation, key: string, apply: () => Answer): Promise<Answer> {
    this.calls.push({ operation, key });
    await this.onCall?.(operation, "before");
    const fault = this.#faults.get(operation)?.shift() ?? (this.down ? "down" : undefined);
    if (fault === "down") throw new TableError("down", "ECONNREFUSED");
    if (fault === "unusable") throw new TableError("unusable", "no such table");
    const answer = apply();
    await this.onCall?.(operation, "after");
    if (fault === "lost") throw new TableError("down", "ECONNRESET");
    return answer;
  }
}
