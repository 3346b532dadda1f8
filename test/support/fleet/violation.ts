/** What must never be. */
export type ViolationKind =
  | "deleted without an end"
  | "vanished"
  | "left lying"
  | "both done and dead"
  | "dead twice"
  | "dead without a run"
  | "dead too soon"
  | "ran again after its end"
  | "started without a lease"
  | "overlap"
  | "out of order"
  | "late stop"
  | "hidden after a stop";

/** One thing that was and must not be. */
export interface Violation {
  readonly kind: ViolationKind;
  /** Unset: of a task alone. */
  readonly messageId?: string;
  readonly text: string;
}
