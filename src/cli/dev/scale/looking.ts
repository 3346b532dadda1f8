import type { QueueLook } from "./queue-look.js";

export interface LookingParts {
  readonly look: () => Promise<QueueLook>;
  /** Up to which number every message has been answered for. */
  readonly answered: () => number;
  readonly judge: (look: QueueLook, answered: number) => void;
  readonly onError: (error: Error) => void;
}

const EVERY_MS = 500;

/** Looks into the queues again and again, one look after another. */
export class Looking {
  readonly #parts: LookingParts;
  #now = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: LookingParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#now = this.#look().catch(this.#parts.onError);
    void this.#now.then(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.start(), EVERY_MS).unref();
    });
  }

  /** Harmless twice and before `start`. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Looks for the last time; rejects where that fails. */
  async last(): Promise<void> {
    this.stop();
    await this.#now;
    await this.#look();
  }

  async #look(): Promise<void> {
    // Asked before: what is answered for later may have come too late to be seen.
    const answered = this.#parts.answered();
    this.#parts.judge(await this.#parts.look(), answered);
  }
}
