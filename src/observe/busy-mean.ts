import type { Clock, Timer } from "../pipeline/ports/clock.js";

/** Samples lie half a second to one and a half apart, at random: work that comes in bursts must not fall in step. */
const SAMPLE_MIN_MS = 500;
const SAMPLE_SPREAD_MS = 1_000;

export interface BusyMeanParts {
  readonly busy: () => number;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The mean number of busy slots over some seconds. A single look at a few slots says next to nothing. */
export class BusyMean {
  readonly #parts: BusyMeanParts;
  #timer: Timer;
  #sum = 0;
  #samples = 0;

  constructor(parts: BusyMeanParts) {
    this.#parts = parts;
  }

  /** Samples from now on. */
  start(): void {
    if (this.#timer === undefined) this.#sampleLater();
  }

  /** Ends the sampling and gives the mean since `start`; what is busy now where there is no sample. */
  take(): number {
    this.#parts.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    const mean = this.#samples > 0 ? this.#sum / this.#samples : this.#parts.busy();
    this.#sum = 0;
    this.#samples = 0;
    return mean;
  }

  #sampleLater(): void {
    const { busy, clock, random } = this.#parts;
    this.#timer = clock.setTimer(
      () => {
        this.#sum += busy();
        this.#samples++;
        this.#sampleLater();
      },
      SAMPLE_MIN_MS + SAMPLE_SPREAD_MS * random(),
    );
  }
}
