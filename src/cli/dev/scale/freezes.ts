interface Freeze {
  readonly task: number;
  readonly from: number;
  until: number;
}

/** When tasks were frozen, in seconds of the fleet's clock. */
export class Freezes {
  readonly #all: Freeze[] = [];

  /**
   * @param leaseLeastSeconds a freeze from here on may outlast a lease: what is left of one when its renewal is due, half
   *   of the visibility timeout.
   */
  constructor(private readonly leaseLeastSeconds: number) {}

  begin(task: number, now: number): void {
    this.#all.push({ task, from: now, until: Number.POSITIVE_INFINITY });
  }

  end(task: number, now: number): void {
    const last = this.#all.findLast((each) => each.task === task);
    if (last) last.until = Math.min(last.until, now);
  }

  /** Whether the task was frozen past its lease at some time between two moments. */
  pastLease(task: number, from: number, until: number): boolean {
    return this.#all.some(
      (each) =>
        each.task === task && each.from < until && each.until > from && each.until - each.from > this.leaseLeastSeconds,
    );
  }
}
