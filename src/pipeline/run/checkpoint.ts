import { type Clock, sleep } from "../ports/clock.js";
import type { CheckpointCause, SaveCheckpoint } from "../ports/handler.js";

/** @throws TypeError unless an agent may give this to be called. */
export function checkSave(save: unknown): void {
  if (typeof save !== "function") throw new TypeError(`checkpoint takes a function, got ${typeof save}`);
}

/** How saving ended. */
export interface CheckpointEnd {
  readonly saved: boolean;
  /** Why it was not. */
  readonly error?: unknown;
  readonly elapsedMs: number;
}

/** The checkpoint of one run: asked for once, and for a bounded time. */
export class Checkpoint {
  #taken: Promise<CheckpointEnd> | undefined;
  /** Whether the state of the run was saved: who works on the message next goes on from there. */
  saved = false;

  /** Throws as `checkSave` does. */
  constructor(private save: SaveCheckpoint) {
    checkSave(save);
  }

  /** Another function takes the place of the one given before. Throws as `checkSave` does. */
  replace(save: SaveCheckpoint): void {
    checkSave(save);
    this.save = save;
  }

  /** Never rejects, and resolves `ms` milliseconds after the first call at the latest. */
  take(cause: CheckpointCause, ms: number, clock: Clock): Promise<CheckpointEnd> {
    this.#taken ??= this.#take(cause, ms, clock);
    return this.#taken;
  }

  async #take(cause: CheckpointCause, ms: number, clock: Clock): Promise<CheckpointEnd> {
    const since = clock.monotonic();
    const settled = new AbortController();
    const saving = (async () => this.save(cause))().then(
      () => ({ saved: true }),
      (error: unknown) => ({ saved: false, error }),
    );
    const late = sleep(clock, ms, settled.signal).then(() => ({
      saved: false,
      error: new Error(`the checkpoint was not saved within ${ms / 1000} s`),
    }));
    const end = await Promise.race([saving, late]);
    settled.abort();
    this.saved = end.saved;
    return { ...end, elapsedMs: clock.monotonic() - since };
  }
}
