/**
 * The time after a scale-out in which what it added counts as already there: another scale-out starts from the
 * same base again, so that only a larger one adds anything, and only the difference.
 */
export class ScaleOutCooldown {
  private base: number | undefined;
  private until = Number.NEGATIVE_INFINITY;

  constructor(private readonly seconds: number) {}

  /** Tasks from which a change counts at `now`, when `tasks` are ordered. */
  baseAt(now: number, tasks: number): number {
    return now < this.until && this.base !== undefined ? this.base : tasks;
  }

  /** A scale-out from `base` was carried out. */
  started(now: number, base: number): void {
    if (now < this.until) return;
    this.base = base;
    this.until = now + this.seconds;
  }
}

/** The time after a scale-in in which there is no other one. */
export class ScaleInCooldown {
  private until = Number.NEGATIVE_INFINITY;

  constructor(private readonly seconds: number) {}

  allows(now: number): boolean {
    return now >= this.until;
  }

  started(now: number): void {
    this.until = now + this.seconds;
  }
}
