import type { Clock } from "../ports/clock.js";
import { withDeadline } from "../ports/deadline.js";
import type { IdempotencyTable } from "../ports/idempotency.js";
import type { ClaimTable, DueClaim } from "./claim-table.js";
import { Rounds } from "./rounds.js";

/** What it has to say; it may live in another thread than those who listen. */
export interface ClaimExtenderEvents {
  /** The table says that another has the key. */
  lost(index: number, generation: number, detail: string): void;
  /** The table doesn't answer; told once an outage. */
  failed(error: unknown): void;
  /** It answers again. */
  recovered(): void;
}

export interface ClaimExtenderOptions {
  readonly table: Pick<IdempotencyTable, "renew">;
  readonly claims: ClaimTable;
  readonly clock: Clock;
  readonly leaseSeconds: number;
  readonly events: ClaimExtenderEvents;
}

/** Calls at once: a thousand claims that fall due together take some three seconds, measured, of a lease's half. */
const CALLS_MAX = 32;
/** A call that takes longer is given up; the next look tries again. */
const CALL_DEADLINE_MS = 5_000;
/** Looks in one lease: a renewal that failed is tried again well within a sixth of it. */
const LOOKS_PER_LEASE = 20;
const LOOK_MAX_MS = 5_000;

/**
 * Renews the claims of the runs at work, each at half its lease, for as long as it is held: a run that is shorter costs
 * no call. What can't be renewed is tried on and on; when to give it up is its holder's to say. Knows nothing of agents,
 * so it can run in a thread that none of them blocks.
 */
export class ClaimExtender {
  readonly #options: ClaimExtenderOptions;
  readonly #leaseMs: number;
  readonly #rounds: Rounds;
  /** Places whose claims are being renewed. */
  readonly #underWay = new Set<number>();
  /** By place: the generation of the claim that was found to be another's. */
  readonly #lost = new Map<number, number>();
  #down = false;

  constructor(options: ClaimExtenderOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseSeconds * 1000;
    const everyMs = Math.min(LOOK_MAX_MS, this.#leaseMs / LOOKS_PER_LEASE);
    this.#rounds = new Rounds(options.clock, everyMs, () => this.#renewDue());
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): void {
    this.#rounds.stop();
  }

  #renewDue(): void {
    if (this.#underWay.size >= CALLS_MAX) return;
    const { claims, clock } = this.#options;
    for (const claim of claims.due(clock.monotonic() + this.#leaseMs / 2)) {
      if (this.#underWay.size >= CALLS_MAX) return;
      // Also while the renewal of an earlier claim is under way in the same place: the next look is soon enough.
      if (this.#underWay.has(claim.index) || this.#lost.get(claim.index) === claim.generation) continue;
      void this.#renew(claim);
    }
  }

  async #renew(claim: DueClaim): Promise<void> {
    const { table, claims, clock, events } = this.#options;
    const { index, generation, epoch } = claim;
    this.#underWay.add(index);
    const endsAt = clock.monotonic() + this.#leaseMs;
    try {
      const end = await withDeadline(clock, CALL_DEADLINE_MS, this.#rounds.stopped, (signal) =>
        table.renew(claim, endsAt + epoch, signal),
      );
      if (end.kind === "held") claims.renewed(claim, endsAt);
      else {
        this.#lost.set(index, generation);
        events.lost(index, generation, "another run has taken its key over");
      }
      if (this.#down) events.recovered();
      this.#down = false;
    } catch (error) {
      if (this.#rounds.running && !this.#down) {
        this.#down = true;
        events.failed(error);
      }
    } finally {
      this.#underWay.delete(index);
      if (this.#underWay.size === CALLS_MAX - 1 && this.#rounds.running && !this.#down) this.#renewDue();
    }
  }
}
