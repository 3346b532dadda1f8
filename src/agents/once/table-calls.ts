import type { Clock } from "../../pipeline/ports/clock.js";
import { withDeadline } from "../../pipeline/ports/deadline.js";
import { type IdempotencyTable, TableError } from "../../pipeline/ports/idempotency.js";
import type { Telemetry } from "../../pipeline/ports/telemetry.js";

export interface TableCallsOptions {
  readonly table: IdempotencyTable;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** What becomes of messages while the table doesn't answer, for those who read of it. */
  readonly meanwhile: string;
}

const CALL_DEADLINE_MS = 5_000;

/** Calls to the table of keys: each with a deadline, and an outage is told of once, as is its end. */
export class TableCalls {
  readonly #options: TableCallsOptions;
  #down = false;

  constructor(options: TableCallsOptions) {
    this.#options = options;
  }

  /** Rejects with a TableError if the table can't be used; that it doesn't answer now is told of alone. */
  async check(signal: AbortSignal): Promise<void> {
    try {
      await this.make((table, cut) => table.check(cut), signal);
    } catch (error) {
      if (error instanceof TableError && error.kind === "unusable") throw error;
      this.failed(error);
    }
  }

  /** Rejects with what the call rejects with; whoever gives up because of it tells so by `failed`. */
  async make<Answer>(
    call: (table: IdempotencyTable, signal: AbortSignal) => Promise<Answer>,
    cut?: AbortSignal,
  ): Promise<Answer> {
    const { table, clock, telemetry } = this.#options;
    const answer = await withDeadline(clock, CALL_DEADLINE_MS, cut, (signal) => call(table, signal));
    if (this.#down) telemetry({ kind: "warning", text: "the idempotency table answers again" });
    this.#down = false;
    return answer;
  }

  failed(error: unknown): void {
    if (this.#down) return;
    this.#down = true;
    const { telemetry, meanwhile } = this.#options;
    telemetry({ kind: "warning", text: `the idempotency table doesn't answer: ${meanwhile}`, error });
  }

  close(): void {
    this.#options.table.close();
  }
}
