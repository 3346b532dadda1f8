/** What a provider lets a whole fleet do: runs that begin in a second, and runs at once. */
export interface BudgetLimits {
  readonly startsPerSecond: number;
  readonly atOnce: number;
}

/** What has come in the meantime is kept for so long: the simulation looks once a second. */
const KEPT_SECONDS = 2;

/** Lets runs begin as a budget that the fleet shares does. */
export class StartGate {
  private tokens = 0;
  private at = 0;

  /** @param grain messages that begin as one. */
  constructor(
    private readonly limits: BudgetLimits,
    private readonly grain: number,
  ) {}

  /** Whether one more may begin at second `now`, beside `busy` that run, both counted in groups. */
  allows(now: number, busy: number): boolean {
    const { startsPerSecond, atOnce } = this.limits;
    const most = Math.max(this.grain, KEPT_SECONDS * startsPerSecond);
    this.tokens = Math.min(most, this.tokens + Math.max(0, now - this.at) * startsPerSecond);
    this.at = Math.max(this.at, now);
    return this.tokens >= this.grain && (busy + 1) * this.grain <= Math.max(this.grain, atOnce);
  }

  /** One begins. */
  take(): void {
    this.tokens -= this.grain;
  }
}
