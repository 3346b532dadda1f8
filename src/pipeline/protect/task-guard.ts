import type { ProtectionTrouble } from "../ports/telemetry.js";

/** The platform didn't do as asked. */
export class ProtectionError extends Error {
  override readonly name = "ProtectionError";
  constructor(
    readonly trouble: ProtectionTrouble,
    message: string,
    /** Least time until the next try, in milliseconds, where the platform named one. */
    readonly retryAfterMs = 0,
  ) {
    super(message);
  }
}

/** The port to what keeps a task from being stopped by scale-in and deployments. Both reject when that failed. */
export interface TaskGuard {
  /** From now on for `minutes` (1..2880), whatever was asked before. */
  protect(minutes: number, signal: AbortSignal): Promise<void>;
  release(signal: AbortSignal): Promise<void>;
}
