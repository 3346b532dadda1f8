/** What the worker is doing at this moment; read by health checks, metrics and the console. */
export interface WorkerStatus {
  readonly state: "idle" | "starting" | "running" | "draining" | "stopped";
  readonly slots: number;
  /** Slots whose agent hasn't really ended. */
  readonly busy: number;
  /** Received messages that wait for a slot. */
  readonly buffered: number;
  /** Received messages that wait under their lease for another run. */
  readonly heldBack?: number;
  readonly openPolls: number;
  /** Ended runs whose outcome isn't carried out yet. */
  readonly settling: number;
  /** Copies to the dead-letter queue that aren't certain yet. */
  readonly copies?: number;
  /** Moving average of the agents' time, in seconds; 0 before the first has ended well. */
  readonly meanAgentSeconds: number;
  /** Most of the last agents failed, and messages go one at a time until some succeed. */
  readonly breakerOpen?: boolean;
  /** Monotonic milliseconds of the last receive that was answered; undefined before the first. */
  readonly lastReceiveOkAt: number | undefined;
}
