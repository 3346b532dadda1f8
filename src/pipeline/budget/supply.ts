/** Where a budget's tokens come from. Times are monotonic milliseconds; a supply may be overdrawn, and is paid back first. */
export interface Supply {
  /** Whether what others have a part in answers; unset: nobody is asked. */
  readonly answers?: boolean;
  /** Whether so much may be taken now. What is more than the supply ever holds may be when it is full. */
  has(amount: number, now: number): boolean;
  /** Milliseconds until it may; 0: now. */
  inMs(amount: number, now: number): number;
  /** Takes it, or gives it back where it is below 0. */
  take(amount: number, now: number): void;
  /** What can be taken from now on within `ms` milliseconds. */
  within(ms: number, now: number): number;
  /** From now on so much comes in a second; `part` (0..1): of what was told, since its provider took no more. */
  setRate(perSecond: number, now: number, part: number): void;
}
