import { fullJitter } from "../../pipeline/ports/backoff.js";
import { type Clock, sleep } from "../../pipeline/ports/clock.js";
import type { Claim } from "../../pipeline/ports/idempotency.js";
import type { TableCalls } from "./table-calls.js";

/** What became of a result: it stands in the table, another run's counts, or the table took none in time. */
export type Recorded = "recorded" | "overtaken" | "unrecorded";

/** A result is offered to the table for so long while its slot waits. */
const RECORD_MS = 10_000;
const BACKOFF_MS = { base: 100, max: 2_000 };

/** Writes results down: that a run on a key has ended well. Tried again while the table doesn't answer; never rejects. */
export class ResultRecord {
  constructor(
    private readonly calls: TableCalls,
    private readonly clock: Clock,
    /** Epoch milliseconds. */
    private readonly now: () => number,
  ) {}

  async write(claim: Claim): Promise<Recorded> {
    const { calls, clock, now } = this;
    const until = clock.monotonic() + RECORD_MS;
    for (let attempt = 1; ; attempt++) {
      try {
        const end = await calls.make((table, signal) => table.complete(claim, now(), signal));
        // Of a key that the table has forgotten nobody else has a result.
        return end.kind === "lost" && end.to !== "gone" ? "overtaken" : "recorded";
      } catch (error) {
        calls.failed(error);
      }
      const waitMs = fullJitter(BACKOFF_MS, attempt);
      if (clock.monotonic() + waitMs >= until) return "unrecorded";
      await sleep(clock, waitMs);
    }
  }
}
