import { randomUUID } from "node:crypto";
import type { ClaimTable } from "../../pipeline/lease/claim-table.js";
import type { Clock } from "../../pipeline/ports/clock.js";
import type { Handler, Run } from "../../pipeline/ports/handler.js";
import type { Claim, IdempotencyTable, Identifier, Identity, IdentityRule } from "../../pipeline/ports/idempotency.js";
import { checkedOutcome, done, type Outcome } from "../../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import type { Telemetry } from "../../pipeline/ports/telemetry.js";
import { ClaimedRun } from "./claimed-run.js";
import { Hindrances } from "./hindrances.js";
import { identifierOf } from "./identity.js";
import { KnownKeys } from "./known-keys.js";
import { NextLook } from "./next-look.js";
import { ResultRecord } from "./result-record.js";
import { TableCalls } from "./table-calls.js";
import { tableKey } from "./table-key.js";

export interface OnceOptions {
  /** Runs the agent. */
  readonly handler: Handler;
  readonly table: IdempotencyTable;
  /** Where who renews claims finds them. Unset: nobody does, and a claim's lease has to outlast its run. */
  readonly claims?: ClaimTable | undefined;
  readonly rule: IdentityRule;
  /** Stands before each key: a table may serve several queues. */
  readonly scope: string;
  /** For how long a claim holds unless it is renewed, in milliseconds. */
  readonly leaseMs: (run: Run) => number;
  readonly keepSeconds: number;
  /** What to do when the table doesn't answer. */
  readonly onError: "closed" | "open";
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Runs the agent under a claim. */
type Work = (claimed: ClaimedRun) => Promise<Outcome>;

interface Wanted {
  /** As the agent is told it. */
  readonly shortKey: string;
  /** As the table has it. */
  readonly key: string;
  readonly payloadHash: string;
}

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
  readonly #identifier: Identifier;
  /** Whether what the message is depends on what the agent's own decoder makes of it. */
  readonly #looksInside: boolean;
  readonly #known: KnownKeys;
  readonly #calls: TableCalls;
  readonly #results: ResultRecord;
  readonly #nextLook = new NextLook();
  readonly #hindrances: Hindrances;
  /** Turns monotonic milliseconds into those of the epoch: a wall clock that jumps moves no lease. */
  readonly #epoch: number;

  constructor(options: OnceOptions) {
    this.#options = options;
    const { table, clock, telemetry, onError, keepSeconds, rule } = options;
    this.#identifier = identifierOf(rule);
    this.#looksInside = rule.key !== "messageId" || rule.payload !== undefined;
    this.#known = new KnownKeys(keepSeconds * 1000);
    const meanwhile = onError === "closed" ? "messages wait until it does" : "agents run unguarded";
    this.#calls = new TableCalls({ table, clock, telemetry, meanwhile });
    this.#results = new ResultRecord(this.#calls, clock, () => this.#now());
    this.#hindrances = new Hindrances({ nextLook: this.#nextLook, telemetry, now: () => this.#now() });
    this.#epoch = clock.wall() - clock.monotonic();
  }

  /** Rejects with a TableError when the table can't be used, and with what the agent's own start rejects with. */
  async start(signal: AbortSignal): Promise<void> {
    const [agent, table] = await Promise.allSettled([this.#options.handler.start?.(signal), this.#calls.check(signal)]);
    if (agent.status === "rejected") throw agent.reason;
    if (table.status === "rejected") throw table.reason;
  }

  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    const { handler } = this.#options;
    const identifier = this.#identifier;
    const opening = this.#looksInside ? handler.open?.(message, run, identifier) : undefined;
    if (!opening) {
      return this.#runOnce(message, run, identifier.identify(message), (claimed) => handler.run(message, claimed));
    }
    const opened = await opening;
    if ("ended" in opened) return opened.ended;
    let begun = false;
    try {
      return await this.#runOnce(message, run, opened.identity, (claimed) => {
        begun = true;
        return opened.run(claimed);
      });
    } finally {
      if (!begun) await opened.drop();
    }
  }

  async stop(): Promise<void> {
    await this.#options.handler.stop?.();
    this.#calls.close();
  }

  async #runOnce(message: ReceivedMessage, run: Run, identity: Identity, work: Work): Promise<Outcome> {
    const { key: found, payloadHash } = identity;
    if ("missing" in found) return { kind: "reject", reason: `no idempotency key: ${found.missing}` };
    const key = tableKey(`${this.#options.scope}/${found.key}`);

    const known = this.#known.get(key, this.#now());
    if (known && known.payloadHash !== payloadHash) return this.#hindrances.found(message, { kind: "otherPayload" });
    switch (known?.state) {
      case "running":
        return this.#hindrances.heldHere(message);
      case "finished":
        return this.#hindrances.found(message, { kind: "finished" });
      case "unrecorded":
        return this.#record(message, key, payloadHash, known.claim);
    }
    this.#known.set(key, { state: "running", payloadHash });
    try {
      return await this.#claimAndRun(message, run, { shortKey: found.key, key, payloadHash }, work);
    } finally {
      if (this.#known.get(key, this.#now())?.state === "running") this.#known.delete(key);
    }
  }

  async #claimAndRun(message: ReceivedMessage, run: Run, wanted: Wanted, work: Work): Promise<Outcome> {
    const { shortKey, key, payloadHash } = wanted;
    const { claims, clock, onError } = this.#options;
    const leaseMs = this.#options.leaseMs(run);
    // The same message is claimed again under the same name, so that a claim whose answer got lost stands in nobody's way.
    const owner = tableKey(`${this.#worker}/${message.id}`.toWellFormed());
    const since = clock.monotonic();
    let fence: number;
    try {
      const request = { key, owner, payloadHash, now: this.#now(), leaseMs };
      const end = await this.#calls.make((table, signal) => table.claim(request, signal));
      if (end.kind !== "claimed") {
        if (end.kind === "finished") this.#known.set(key, { state: "finished", payloadHash, at: this.#now() });
        return this.#hindrances.found(message, end);
      }
      fence = end.fence;
    } catch (error) {
      this.#calls.failed(error);
      if (onError === "closed") return this.#hindrances.byTable(message, "the idempotency table doesn't answer");
      return work(new ClaimedRun(run, { key: shortKey, fence: 0 }));
    }

    const claim: Claim = { key, owner, fence };
    const claimed = new ClaimedRun(run, { key: shortKey, fence });
    const held = claims?.hold(claim, { endsAt: since + leaseMs, epoch: this.#epoch }, (detail) => claimed.lose(detail));
    let outcome: Outcome;
    try {
      outcome = checkedOutcome(await work(claimed));
    } catch (error) {
      outcome = { kind: "retry", error };
    }
    held?.end();
    if (outcome.kind === "done" && !claimed.gaveUp) {
      this.#nextLook.ran(clock.monotonic() - since);
      return this.#record(message, key, payloadHash, claim);
    }
    await this.#release(claim);
    if (claimed.lost && claimed.gaveUp && (outcome.kind === "done" || outcome.kind === "retry")) {
      return this.#hindrances.late(message, "the claim on the message's key was lost");
    }
    return outcome;
  }

  /** Writes a result down, and says what becomes of its message. */
  async #record(message: ReceivedMessage, key: string, payloadHash: string, claim: Claim): Promise<Outcome> {
    switch (await this.#results.write(claim)) {
      case "recorded":
        this.#known.set(key, { state: "finished", payloadHash, at: this.#now() });
        return done;
      case "overtaken":
        this.#known.delete(key);
        return this.#hindrances.late(message, "another run has taken the message's key over");
      case "unrecorded":
        if (this.#options.onError === "open") return done;
        // Deleted, the message would leave a claim that ends; kept, it comes back here and needs no second run.
        this.#known.set(key, { state: "unrecorded", payloadHash, claim });
        return this.#hindrances.byTable(message, "the idempotency table doesn't take the result");
    }
  }

  /** A claim that can't be given back ends with its lease; one that is another's by now is left as it is. */
  async #release(claim: Claim): Promise<void> {
    try {
      await this.#calls.make((table, signal) => table.release(claim, signal));
    } catch (error) {
      this.#calls.failed(error);
    }
  }

  /** Epoch milliseconds. */
  #now(): number {
    return this.#epoch + this.#options.clock.monotonic();
  }
}
