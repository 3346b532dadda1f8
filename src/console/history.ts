/** What is drawn over time; a second lies between two of each, the newest last. */
export interface Curves {
  readonly handledPerSecond: readonly number[];
  readonly busy: readonly number[];
  /** In the queue and here; null where the queue's count was to be had and wasn't. */
  readonly waiting: readonly (number | null)[];
}

interface Sample {
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly handled: number;
  readonly perSecond: number;
  readonly busy: number;
  readonly waiting: number | null;
}

/** Three minutes of seconds. */
const SAMPLES_MAX = 180;
/** The rate is that of the last five seconds: calm enough to read, quick enough to follow a burst. */
const RATE_SAMPLES = 5;

/** The last three minutes, by the second. */
export class History {
  readonly #samples: Sample[] = [];

  /** @param handled messages so far. */
  add(at: number, handled: number, busy: number, waiting: number | undefined): void {
    const last = this.#samples.at(-1);
    const perSecond = last && at > last.at ? ((handled - last.handled) * 1_000) / (at - last.at) : 0;
    this.#samples.push({ at, handled, perSecond, busy, waiting: waiting ?? null });
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
  }

  /** Messages handled in a second, over the last five. */
  get handledPerSecond(): number {
    const newest = this.#samples.at(-1);
    const oldest = this.#samples.at(-1 - RATE_SAMPLES) ?? this.#samples[0];
    if (!newest || !oldest || newest.at <= oldest.at) return 0;
    return ((newest.handled - oldest.handled) * 1_000) / (newest.at - oldest.at);
  }

  curves(): Curves {
    return {
      handledPerSecond: this.#samples.map(({ perSecond }) => Math.round(perSecond * 10) / 10),
      busy: this.#samples.map(({ busy }) => busy),
      waiting: this.#samples.map(({ waiting }) => waiting),
    };
  }
}
