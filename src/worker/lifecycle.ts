import type { Telemetry } from "../pipeline/ports/telemetry.js";

export type State = "idle" | "starting" | "running" | "draining" | "stopped";

const NEXT: Readonly<Record<State, readonly State[]>> = {
  idle: ["starting", "stopped"],
  starting: ["running", "draining"],
  running: ["draining"],
  draining: ["stopped"],
  stopped: [],
};

/** The worker's state, and the one door through which it changes: idle → starting → running → draining → stopped. */
export class Lifecycle {
  #state: State = "idle";

  constructor(private readonly telemetry: Telemetry) {}

  get state(): State {
    return this.#state;
  }

  /** Moves on and tells; false, and nothing happens, when `to` isn't a next state. */
  advance(to: State, detail?: string): boolean {
    if (!NEXT[this.#state].includes(to)) return false;
    this.#state = to;
    if (to !== "idle") this.telemetry({ kind: "lifecycle", state: to, ...(detail === undefined ? {} : { detail }) });
    return true;
  }
}
