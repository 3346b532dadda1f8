import type { Clock } from "../ports/clock.js";
import { withDeadline } from "../ports/deadline.js";
import { BATCH_MAX, type EntryResult, type Queue, VISIBILITY_MAX_SECONDS } from "../ports/queue.js";
import type { DueLease, LeaseTable } from "./lease-table.js";
import { Rounds } from "./rounds.js";

/** What the extender has to say; it may live in another thread than those who listen. */
export interface ExtenderEvents {
  lost(index: number, generation: number, reason: string): void;
  failed(count: number, error: unknown): void;
}

export interface VisibilityExtenderOptions {
  readonly queue: Pick<Queue, "changeVisibility">;
  readonly leases: LeaseTable;
  readonly clock: Clock;
  readonly visibilityTimeoutSeconds: number;
  readonly events: ExtenderEvents;
}

/** Calls at once; a thousand leases take a hundred calls each half visibility timeout. */
const CALLS_MAX = 8;
/** A call that takes longer is given up; the next look tries again. */
const CALL_DEADLINE_MS = 5_000;
/** Looks in one visibility timeout: a failed extension is tried again well within a sixth of it. */
const LOOKS_PER_TIMEOUT = 20;
const LOOK_MAX_MS = 5_000;
/** Kept between what we ask for and the 12 hours that SQS grants, for clocks and round trips. */
const MARGIN_OF_MAX_SECONDS = 5;

/**
 * Keeps messages hidden while somebody here holds them: renews each lease at half its time, in batches, until it is
 * freed, lost, or SQS's 12 hours are used up. Knows nothing of agents, so it can run in a thread that none of them blocks.
 */
export class VisibilityExtender {
  readonly #options: VisibilityExtenderOptions;
  readonly #rounds: Rounds;
  #calls = 0;

  constructor(options: VisibilityExtenderOptions) {
    this.#options = options;
    const everyMs = Math.min(LOOK_MAX_MS, (options.visibilityTimeoutSeconds * 1000) / LOOKS_PER_TIMEOUT);
    this.#rounds = new Rounds(options.clock, everyMs, () => this.#extendDue());
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): void {
    this.#rounds.stop();
  }

  #extendDue(): void {
    if (this.#calls >= CALLS_MAX) return;
    const { leases, clock, visibilityTimeoutSeconds } = this.#options;
    const now = clock.monotonic();
    const due: DueLease[] = [];
    for (const lease of leases.takeDue(now + visibilityTimeoutSeconds * 500)) {
      // Too close to the 12 hours for another extension: the lease runs out, and its agent is aborted in time.
      if (this.#secondsFor(lease, now) * 1000 <= lease.expiresAt - now) leases.giveBack(lease, lease.expiresAt);
      else due.push(lease);
    }
    for (let start = 0; start < due.length; start += BATCH_MAX) {
      const batch = due.slice(start, start + BATCH_MAX);
      if (this.#calls < CALLS_MAX) void this.#extend(batch, now);
      else for (const lease of batch) leases.giveBack(lease, lease.expiresAt);
    }
  }

  async #extend(batch: readonly DueLease[], now: number): Promise<void> {
    const { queue, leases, clock, events } = this.#options;
    const changes = batch.map((lease) => ({ handle: lease.handle, seconds: this.#secondsFor(lease, now) }));
    this.#calls++;
    try {
      const results = await withDeadline(clock, CALL_DEADLINE_MS, this.#rounds.stopped, (signal) =>
        queue.changeVisibility(changes, signal),
      );
      for (const [position, lease] of batch.entries())
        this.#conclude(lease, results[position], now, changes[position]!.seconds);
    } catch (error) {
      for (const lease of batch) leases.giveBack(lease, lease.expiresAt);
      if (this.#rounds.running) events.failed(batch.length, error);
    } finally {
      this.#calls--;
      if (this.#calls === CALLS_MAX - 1 && this.#rounds.running) this.#extendDue();
    }
  }

  #conclude(lease: DueLease, result: EntryResult | undefined, askedAt: number, seconds: number): void {
    const { leases, events } = this.#options;
    if (result?.ok) leases.giveBack(lease, askedAt + seconds * 1000, askedAt);
    else if (result?.kind === "stale") {
      if (leases.giveUp(lease)) events.lost(lease.index, lease.generation, result.detail);
    } else {
      // Refused or missing: the lease runs on to its end, so the next look may try again.
      leases.giveBack(lease, lease.expiresAt);
      events.failed(1, result?.detail ?? "the server gave no result for an entry");
    }
  }

  #secondsFor(lease: DueLease, now: number): number {
    const left = VISIBILITY_MAX_SECONDS - MARGIN_OF_MAX_SECONDS - (now - lease.heldSince) / 1000;
    return Math.floor(Math.min(this.#options.visibilityTimeoutSeconds, left));
  }
}
