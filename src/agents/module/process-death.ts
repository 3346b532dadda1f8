import type { Outcome } from "../../pipeline/ports/outcome.js";
import { crashOf } from "../process/crash.js";
import { type Exit, howItEnded } from "../process/exit.js";

/** A module's process ended in the middle of a run. Without a stack, which would tell of the worker alone. */
class ProcessDied extends Error {
  override readonly name = "ProcessDied";
  constructor(message: string) {
    super(message);
    this.stack = `${this.name}: ${message}`;
  }
}

/**
 * How a module's process ended, and how whatever it worked on ends by that.
 * @param excess why we killed it, if we did.
 * @param errorLine what it last said on stderr.
 */
export function deathOf(exit: Exit, excess: string | undefined, errorLine: string): { why: string; outcome: Outcome } {
  const why = excess === undefined ? howItEnded(exit, errorLine) : `was killed: ${excess}`;
  const error = new ProcessDied(`the agent's process ${why}`);
  return { why, outcome: { kind: "retry", error, crash: excess ?? crashOf(exit) } };
}
