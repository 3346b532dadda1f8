import type { Uses } from "../../pipeline/ports/budget.js";
import type { Run, SaveCheckpoint } from "../../pipeline/ports/handler.js";
import { RunAborted } from "../../pipeline/run/run-signal.js";

/**
 * The run of an agent that has a key for itself. Its signal is the worker's, and aborts also when the key is lost; it is
 * asked for only when the agent asks, since an agent that never looks at its signal can't have given up because of it.
 */
export class ClaimedRun implements Run {
  readonly #run: Run;
  #controller: AbortController | undefined;
  #lost: RunAborted | undefined;

  constructor(
    run: Run,
    readonly idempotency: { readonly key: string; readonly fence: number },
  ) {
    this.#run = run;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      const controller = new AbortController();
      const { signal } = this.#run;
      const follow = () => controller.abort(signal.reason);
      if (this.#lost) controller.abort(this.#lost);
      else if (signal.aborted) follow();
      else signal.addEventListener("abort", follow, { once: true });
      this.#controller = controller;
    }
    return this.#controller.signal;
  }

  get deadline(): number {
    return this.#run.deadline;
  }

  extend(seconds: number): number {
    return this.#run.extend(seconds);
  }

  progress(note: string): void {
    this.#run.progress(note);
  }

  checkpoint(save: SaveCheckpoint): void {
    this.#run.checkpoint(save);
  }

  take(budget: string, amount: number): Promise<void> {
    return this.#run.take(budget, amount);
  }

  took(totals: Uses): void {
    this.#run.took(totals);
  }

  /** Whether the agent knew of an abort when it ended, and may have ended because of it. */
  get gaveUp(): boolean {
    return this.#controller?.signal.aborted ?? false;
  }

  /** Whether the key is known to be lost. */
  get lost(): boolean {
    return this.#lost !== undefined;
  }

  lose(detail: string): void {
    if (this.#lost) return;
    this.#lost = new RunAborted("lease lost", detail);
    this.#controller?.abort(this.#lost);
  }
}
