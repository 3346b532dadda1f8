import { hash, randomUUID } from "node:crypto";
import { fullJitter } from "../pipeline/backoff.js";
import { type Clock, sleep } from "../pipeline/clock.js";
import { withDeadline } from "../pipeline/deadline.js";
import type { Handler, Run } from "../pipeline/handler.js";
import { type Claim, type IdempotencyTable, type Obstacle, TableError } from "../pipeline/idempotency.js";
import type { KeyOf } from "../pipeline/idempotency-key.js";
import { done, type Outcome } from "../pipeline/outcome.js";
import type { ReceivedMessage } from "../pipeline/queue.js";
import type { Telemetry } from "../pipeline/telemetry.js";
import { ClaimKeeper } from "./claim-keeper.js";
import { ClaimedRun } from "./claimed-run.js";
import { KnownKeys } from "./known-keys.js";
import { tableKey } from "./table-key.js";

export interface OnceOptions {
  /** Runs the agent. */
  readonly handler: Handler;
  readonly table: IdempotencyTable;
  readonly keyOf: KeyOf;
  /** Stands before each key: a table may serve several queues. */
  readonly scope: string;
  readonly leaseSeconds: number;
  readonly keepSeconds: number;
  /** What to do when the table doesn't answer. */
  readonly onError: "closed" | "open";
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

const CALL_DEADLINE_MS = 5_000;
/** A result is offered to the table for so long while its slot waits; then the message waits without one. */
const RECORD_MS = 10_000;
const RECORD_BACKOFF_MS = { base: 100, max: 2_000 };
/** A repetition whose first is at work here looks again after this: it costs no call. */
const LOOK_AGAIN_SECONDS = 5;
/** Between two looks at a table that is down, for a message that was received once. */
const DOWN_SECONDS = { base: 30, max: 900 };
const never = new AbortController().signal;

/**
 * Lets an agent run once for each key.
 * 1. A run needs a claim on its message's key; who has none waits for the end of the owner's lease, without a run.
 * 2. A run that ended well is recorded before its message is deleted. What comes later with the key is done already.
 * 3. A run that ended in any other way leaves the key free.
 * 4. A result whose claim was taken over meanwhile is discarded.
 * Two calls to the table for a message, and none for one whose key was finished or is at work here.
 */
export class OnceHandler implements Handler {
  readonly #options: OnceOptions;
  readonly #worker = randomUUID();
  readonly #known: KnownKeys;
  /** Turns monotonic milliseconds into those of the epoch: a wall clock that jumps moves no lease. */
  readonly #epoch: number;
  #down = false;

  constructor(options: OnceOptions) {
    this.#options = options;
    this.#known = new KnownKeys(options.keepSeconds * 1000);
    this.#epoch = options.clock.wall() - options.clock.monotonic();
  }

  /** Rejects with a TableError when the table can't be used, and with what the agent's own start rejects with. */
  async start(signal: AbortSignal): Promise<void> {
    const [agent, table] = await Promise.allSettled([
      this.#options.handler.start?.(signal),
      withDeadline(this.#options.clock, CALL_DEADLINE_MS, signal, (cut) => this.#options.table.check(cut)),
    ]);
    if (agent.status === "rejected") throw agent.reason;
    if (table.status === "fulfilled") return;
    if (table.reason instanceof TableError && table.reason.kind === "unusable") throw table.reason;
    this.#failed(table.reason);
  }

  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    const found = this.#options.keyOf(message);
    if ("missing" in found) return { kind: "reject", reason: `no idempotency key: ${found.missing}` };
    const key = tableKey(`${this.#options.scope}/${found.key}`);
    const payloadHash = hash("sha256", message.body, "base64url");

    const known = this.#known.get(key, this.#now());
    if (known && known.payloadHash !== payloadHash) return this.#hindered(message, { kind: "otherPayload" });
    switch (known?.state) {
      case "running":
        return this.#hindered(message, { kind: "held", until: this.#now() + LOOK_AGAIN_SECONDS * 1000 });
      case "finished":
        return this.#hindered(message, { kind: "finished" });
      case "unrecorded":
        return this.#record(message, key, payloadHash, known.claim);
    }
    this.#known.set(key, { state: "running", payloadHash });
    try {
      return await this.#claimAndRun(message, run, found.key, key, payloadHash);
    } finally {
      if (this.#known.get(key, this.#now())?.state === "running") this.#known.delete(key);
    }
  }

  async stop(): Promise<void> {
    await this.#options.handler.stop?.();
    this.#options.table.close();
  }

  async #claimAndRun(
    message: ReceivedMessage,
    run: Run,
    shortKey: string,
    key: string,
    payloadHash: string,
  ): Promise<Outcome> {
    const { table, handler, clock, leaseSeconds, onError } = this.#options;
    const leaseMs = leaseSeconds * 1000;
    // The same message is claimed again under the same name, so that a claim whose answer got lost stands in nobody's way.
    const owner = tableKey(`${this.#worker}/${message.id}`);
    const since = clock.monotonic();
    let fence: number;
    try {
      const request = { key, owner, payloadHash, now: this.#now(), leaseMs };
      const end = await this.#call((signal) => table.claim(request, signal));
      if (end.kind !== "claimed") {
        if (end.kind === "finished") this.#known.set(key, { state: "finished", payloadHash, at: this.#now() });
        return this.#hindered(message, end);
      }
      fence = end.fence;
    } catch (error) {
      this.#failed(error);
      if (onError === "closed") return waitForTable(message, "the idempotency table doesn't answer");
      return handler.run(message, new ClaimedRun(run, { key: shortKey, fence: 0 }));
    }

    const claim: Claim = { key, owner, fence };
    const claimed = new ClaimedRun(run, { key: shortKey, fence });
    const keeper = new ClaimKeeper({
      clock,
      leaseMs,
      since,
      renew: () => this.#call((signal) => table.renew(claim, this.#now() + leaseMs, signal)),
      onLost: (detail) => claimed.lose(detail),
      onFailed: (error) => this.#failed(error),
      // Unguarded is what `open` allows when the table is down, but not when another run is known to be at work.
      patient: onError === "open",
    });
    let outcome: Outcome;
    try {
      outcome = await handler.run(message, claimed);
    } catch (error) {
      outcome = { kind: "retry", error };
    }
    keeper.stop();
    if (outcome.kind === "done" && !claimed.gaveUp) return this.#record(message, key, payloadHash, claim);
    if (!claimed.lost) await this.#release(claim);
    else if (claimed.gaveUp && (outcome.kind === "done" || outcome.kind === "retry")) {
      this.#tell(message, "late");
      return { kind: "defer", reason: "the claim on the message's key was lost", afterSeconds: 1 };
    }
    return outcome;
  }

  /** Writes a result down, and says what becomes of its message. */
  async #record(message: ReceivedMessage, key: string, payloadHash: string, claim: Claim): Promise<Outcome> {
    const { table, clock, onError } = this.#options;
    const until = clock.monotonic() + RECORD_MS;
    for (let attempt = 1; ; attempt++) {
      try {
        const end = await this.#call((signal) => table.complete(claim, this.#now(), signal));
        if (end.kind === "lost" && end.to !== "gone") {
          this.#known.delete(key);
          this.#tell(message, "late");
          // Whether the other run has ended well is for the next claim to say.
          return { kind: "defer", reason: "another run has taken the message's key over", afterSeconds: 1 };
        }
        this.#known.set(key, { state: "finished", payloadHash, at: this.#now() });
        return done;
      } catch (error) {
        this.#failed(error);
      }
      const waitMs = fullJitter(RECORD_BACKOFF_MS, attempt);
      if (clock.monotonic() + waitMs >= until) break;
      await sleep(clock, waitMs);
    }
    if (onError === "open") return done;
    // Deleted, the message would leave a claim that ends; kept, it comes back here and needs no second run.
    this.#known.set(key, { state: "unrecorded", payloadHash, claim });
    return waitForTable(message, "the idempotency table doesn't take the result");
  }

  /** A claim that can't be given back ends with its lease. */
  async #release(claim: Claim): Promise<void> {
    try {
      await this.#call((signal) => this.#options.table.release(claim, signal));
    } catch (error) {
      this.#failed(error);
    }
  }

  #hindered(message: ReceivedMessage, obstacle: Obstacle): Outcome {
    this.#tell(message, obstacle.kind);
    switch (obstacle.kind) {
      case "finished":
        return done;
      case "otherPayload":
        return { kind: "reject", reason: "the idempotency key was used with another payload" };
      case "held": {
        const afterSeconds = Math.min(43_200, Math.max(1, Math.ceil((obstacle.until - this.#now()) / 1000)));
        return { kind: "defer", reason: "another run holds the message's key", afterSeconds };
      }
    }
  }

  #tell({ id, receiveCount, groupId }: ReceivedMessage, found: Obstacle["kind"] | "late"): void {
    const delivery = { messageId: id, receiveCount, ...(groupId === undefined ? undefined : { groupId }) };
    this.#options.telemetry({ kind: "repeated", delivery, found });
  }

  async #call<Answer>(call: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const answer = await withDeadline(this.#options.clock, CALL_DEADLINE_MS, never, call);
    if (this.#down) this.#options.telemetry({ kind: "warning", text: "the idempotency table answers again" });
    this.#down = false;
    return answer;
  }

  /** Told once an outage. */
  #failed(error: unknown): void {
    if (this.#down) return;
    this.#down = true;
    const what = this.#options.onError === "closed" ? "messages wait until it does" : "agents run unguarded";
    this.#options.telemetry({ kind: "warning", text: `the idempotency table doesn't answer: ${what}`, error });
  }

  /** Epoch milliseconds. */
  #now(): number {
    return this.#epoch + this.#options.clock.monotonic();
  }
}

/**
 * A message that is kept here looks again and again after the same time, at no cost. One that has to go back to the
 * queue is a receive older each time: it comes back later and later, so that an outage doesn't walk it to the dead letters.
 */
function waitForTable({ receiveCount }: ReceivedMessage, reason: string): Outcome {
  const { base, max } = DOWN_SECONDS;
  return { kind: "defer", reason, afterSeconds: Math.min(max, base * 2 ** Math.min(receiveCount - 1, 10)) };
}
