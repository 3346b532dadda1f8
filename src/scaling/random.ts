// Taken out of their object once: these are called some ten million times in a run.
const { cos, exp, floor, log, PI, sin, sqrt } = Math;

/** A seeded source of numbers, so that a simulation can be run again. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d = 1;
  private spare: number | undefined;

  /** @param seed any integer; equal seeds give equal numbers. */
  constructor(seed: number) {
    this.a = seed >>> 0;
    this.b = (seed / 0x1_0000_0000) >>> 0;
    this.c = 0x9e37_79b9;
    for (let i = 0; i < 12; i++) this.uniform();
  }

  /** Between 0 (included) and 1 (excluded): sfc32. */
  uniform(): number {
    const t = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (this.c << 21) | (this.c >>> 11);
    this.c = (this.c + t) | 0;
    return (t >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from 0 to `bound` − 1. */
  below(bound: number): number {
    return floor(this.uniform() * bound);
  }

  /** Exponential with mean 1. */
  exponential(): number {
    return -log(1 - this.uniform());
  }

  /** Normal with mean 0 and deviation 1 (Box and Muller; the second number of each pair is kept). */
  normal(): number {
    if (this.spare !== undefined) {
      const value = this.spare;
      this.spare = undefined;
      return value;
    }
    const radius = sqrt(2 * this.exponential());
    const angle = 2 * PI * this.uniform();
    this.spare = radius * sin(angle);
    return radius * cos(angle);
  }

  /** Log-normal with mean 1 and the given coefficient of variation; exactly 1 when that is 0. */
  lognormal(variation: number): number {
    if (variation === 0) return 1;
    const variance = log(1 + variation * variation);
    return exp(sqrt(variance) * this.normal() - variance / 2);
  }
}
