const HOUR_MS = 3_600_000;

/** The variable by which a child learns of the fleet's clock; `time-warp.ts` reads it. */
const CLOCK_VARIABLE = "QUEUEHAND_DEV_CLOCK";

/**
 * The clock that everybody in `dev --scale` lives by: it runs `speed` times as fast as the machine's. Counted from the
 * machine's monotonic clock, which all its processes share, so that they agree to the microsecond.
 */
export class FleetClock {
  /** What the fleet's wall clock said at the start, epoch milliseconds: a whole hour, as alarms' periods begin with it. */
  readonly startWallMs: number;
  readonly #startMonotonicMs: number;

  /** @param speed seconds of the fleet's in one of the machine's; above 0. */
  constructor(
    readonly speed: number,
    private readonly monotonicMs: () => number = machineMonotonicMs,
    wallMs = Date.now(),
  ) {
    this.startWallMs = Math.floor(wallMs / HOUR_MS) * HOUR_MS;
    this.#startMonotonicMs = monotonicMs();
  }

  /** Seconds of the fleet's since the start. */
  get now(): number {
    return ((this.monotonicMs() - this.#startMonotonicMs) * this.speed) / 1000;
  }

  /** What the fleet's wall clock says, epoch milliseconds. */
  get wallMs(): number {
    return this.startWallMs + this.now * 1000;
  }

  /** The second, since the start, of a moment that a process of the fleet told. @param wallMs epoch milliseconds. */
  secondOf(wallMs: number): number {
    return (wallMs - this.startWallMs) / 1000;
  }

  /** Milliseconds of the machine's in so many seconds of the fleet's. */
  machineMs(seconds: number): number {
    return (seconds * 1000) / this.speed;
  }

  /** What a process has to know to live by this clock. */
  get environment(): Readonly<Record<string, string>> {
    return { [CLOCK_VARIABLE]: `${this.speed},${this.startWallMs},${this.#startMonotonicMs}` };
  }
}

/** CLOCK_MONOTONIC: the same in every process of the machine. */
function machineMonotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
