import type { QueueCounts } from "./api.js";

/** Where the queue's counts come from. */
export interface CountsSource {
  readonly ask: () => Promise<QueueCounts>;
  /** True where an answer costs a call to AWS: then none is made but for a page that is open, and few for that. */
  readonly onlyWhileWatched: boolean;
}

/** Somebody who has looked so lately still looks: an open page asks once a second. */
const WATCHED_FOR_MS = 5_000;
/** 0.2 calls a second cost $0.0003 an hour. */
const WATCHED_EVERY_MS = 5_000;

/** The queue's latest counts, asked for once a second, or as seldom as their source wants it; never twice at a time. */
export class LatestCounts {
  readonly #source: CountsSource | undefined;
  #latest: QueueCounts | undefined;
  #asking = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #watchedAt = Number.NEGATIVE_INFINITY;

  constructor(source: CountsSource | undefined) {
    this.#source = source;
  }

  /** False where nobody ever knows them. */
  get known(): boolean {
    return this.#source !== undefined;
  }

  /** Undefined while they aren't known: an old count isn't shown for ever. */
  get latest(): QueueCounts | undefined {
    return this.#latest;
  }

  /** Somebody looks at this moment, in monotonic milliseconds. */
  watched(now: number): void {
    this.#watchedAt = now;
  }

  /** Asks again if it is time; to be called once a second. Never rejects. */
  async tick(now: number): Promise<void> {
    if (!this.#source || this.#asking) return;
    if (this.#source.onlyWhileWatched) {
      if (now - this.#watchedAt > WATCHED_FOR_MS) this.#latest = undefined;
      if (now - this.#watchedAt > WATCHED_FOR_MS || now - this.#askedAt < WATCHED_EVERY_MS) return;
    }
    this.#asking = true;
    this.#askedAt = now;
    this.#latest = await this.#source.ask().catch(() => undefined);
    this.#asking = false;
  }
}
