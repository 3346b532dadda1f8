import type { Load } from "./load.js";
import type { Random } from "./random.js";

const { max, sqrt } = Math;

/** When nothing arrives any more. */
const NEVER = Number.POSITIVE_INFINITY;

/** When messages arrive, one after another; each may stand for several. */
export interface ArrivalMoments {
  /** The next moment, seconds; Infinity while there is none. */
  readonly next: number;
  /** Moves `next` on to the following arrival. */
  advance(): void;
}

/** From here on the gap of a group is drawn as a normal number: a sum of so many exponential ones looks like it. */
const NORMAL_FROM = 10;

/**
 * The moments at which messages arrive: a Poisson process whose rate follows a load, or, where a load was counted, the
 * counted messages evenly spaced. Where `grain` messages are simulated as one, each moment stands for `grain` of them
 * and the counts keep a Poisson process' variance.
 */
export class Arrivals implements ArrivalMoments {
  /** The next moment, seconds; Infinity after the end. */
  next = 0;
  private second = 0;
  private rate: number;
  /** The moment at which `rate` held last: the start of the second, or the last arrival in it. */
  private from = 0;

  constructor(
    private readonly load: Load,
    private readonly random: Random,
    private readonly grain: number,
    private readonly endSecond: number,
  ) {
    this.rate = load.rateAt(0);
    // The first of the counted ones comes in the middle of its share, so that the last is within the interval, too.
    this.moveOn(load.counted ? grain / 2 : this.gap());
  }

  /** Moves `next` on to the following arrival. */
  advance(): void {
    this.moveOn(this.gap());
  }

  /** The process is of rate 1 in "operational time", the integral of the load; here that integral is inverted. */
  private moveOn(gap: number): void {
    let work = gap;
    for (;;) {
      const left = (this.second + 1 - this.from) * this.rate;
      if (work <= left) {
        this.next = this.from + work / this.rate;
        this.from = this.next;
        return;
      }
      work -= left;
      this.second++;
      this.from = this.second;
      if (this.second >= this.endSecond) {
        this.next = NEVER;
        this.rate = NEVER;
        return;
      }
      this.rate = this.load.rateAt(this.second);
    }
  }

  private gap(): number {
    const { grain, random, load } = this;
    if (load.counted) return grain;
    if (grain === 1) return random.exponential();
    if (grain >= NORMAL_FROM) return max(0, grain + sqrt(grain) * random.normal());
    let sum = 0;
    for (let i = 0; i < grain; i++) sum += random.exponential();
    return sum;
  }
}
