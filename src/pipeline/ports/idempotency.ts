import type { ReceivedMessage } from "./queue.js";

/** DynamoDB takes a partition key of at most 2,048 bytes; half of it is more than a key that people read needs. */
export const KEY_BYTES_MAX = 1_024;

/** Where a message's key is, and what two messages with one key must have in common. */
export interface IdentityRule {
  /** `messageId`, `attribute:NAME`, or `body:/json/pointer`. */
  readonly key: string;
  /** `body:/json/pointer`; undefined: all that the producer said. */
  readonly payload: string | undefined;
}

/** What a message is to the table, by such a rule: its key, or why it has none. */
export interface Identity {
  readonly key: { readonly key: string } | { readonly missing: string };
  readonly payloadHash: string;
}

/** How to tell what a message is. */
export interface Identifier {
  /** For those who have to ask in another process. */
  readonly rule: IdentityRule;
  /** @param made what the agent's own decoder has made of the message, where it has one. Never throws. */
  identify(message: ReceivedMessage, made?: { readonly body: unknown }): Identity;
}

/** One run's wish to have a key for itself. */
export interface ClaimRequest {
  /** Unique within the table: what belongs to several queues names its queue. At most 1,024 bytes. */
  readonly key: string;
  /** Of this run alone, at most 1,024 bytes: a claim that is asked for again because the answer got lost is granted again. */
  readonly owner: string;
  /** Of what the producer said. Two messages with one key must have the same. */
  readonly payloadHash: string;
  /** Epoch milliseconds of now, as the claimant's clock has them. */
  readonly now: number;
  /** For how long the key is ours unless the claim is renewed, in milliseconds. */
  readonly leaseMs: number;
}

/** A key that is held: what its owner shows with every further call. */
export interface Claim {
  readonly key: string;
  readonly owner: string;
  /** Grows with each claim of the key (1, 2, ...), so that what an agent writes to can refuse a late loser. */
  readonly fence: number;
}

/** What stands in the way of a claim. */
export type Obstacle =
  /** A run has ended well. */
  | { readonly kind: "finished" }
  /** Another run is at work; `until` are the epoch milliseconds from which its key may be taken over. */
  | { readonly kind: "held"; readonly until: number }
  /** The key is finished or held with another payload. */
  | { readonly kind: "otherPayload" };

/** How a claim ended. */
export type ClaimEnd = { readonly kind: "claimed"; readonly fence: number } | Obstacle;

/** How a further call ended: `lost` = somebody else has the key, and nothing was written. */
export type HoldEnd =
  | { readonly kind: "held" }
  | { readonly kind: "lost"; readonly to: "finished" | "running" | "gone" };

/**
 * The port to the table of keys. Each method makes one call; each may reject with a TableError. A key that nobody holds
 * is free: never claimed, released, expired, or of an owner whose lease has ended. Times are the callers': their clocks
 * have to agree to within two seconds.
 */
export interface IdempotencyTable {
  /** Resolves if the table is there and may be written to; writes nothing. */
  check(signal: AbortSignal): Promise<void>;
  claim(request: ClaimRequest, signal: AbortSignal): Promise<ClaimEnd>;
  /**
   * Moves the end of the lease to `until` (epoch milliseconds), never back, and only while the claim is neither completed
   * nor released: whoever renews needs not know of a run's end, and a renewal that arrives late does no harm.
   */
  renew(claim: Claim, until: number, signal: AbortSignal): Promise<HoldEnd>;
  /** Records that the run has ended well, at `now` (epoch milliseconds). May be repeated. */
  complete(claim: Claim, now: number, signal: AbortSignal): Promise<HoldEnd>;
  /** Lets the next claim through at once; the fence is kept. */
  release(claim: Claim, signal: AbortSignal): Promise<HoldEnd>;
  close(): void;
}

/** `unusable` = trying again won't help: no such table, another key schema, no permission. */
export class TableError extends Error {
  override readonly name = "TableError";
  constructor(
    readonly kind: "unusable" | "down",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** How far the clocks of two workers may be apart: a claim is taken over so long after the end of its lease. */
export const CLOCK_SKEW_MAX_MS = 2_000;
