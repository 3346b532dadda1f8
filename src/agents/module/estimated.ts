import { type DeclaredUses, type Estimates, estimateFault } from "../../pipeline/ports/budget.js";
import type { Run } from "../../pipeline/ports/handler.js";
import { type Outcome, outcomeOfError } from "../../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { isError } from "../../pipeline/ports/thrown.js";

/** What the agent's functions say of a message. Throws what they throw. */
export function estimatesOf(uses: DeclaredUses | undefined, message: ReceivedMessage): Estimates {
  const estimates = Object.entries(uses ?? {}).flatMap(([name, use]) =>
    typeof use === "function" ? [[name, use(message)] as const] : [],
  );
  return Object.fromEntries(estimates);
}

/**
 * Takes what the agent estimates of a message, in the agent's own process: the worker can't call its functions, and has
 * waited only until the budgets weren't overdrawn. Undefined when the run may begin; else how it ends.
 */
export async function estimated(
  uses: DeclaredUses | undefined,
  message: ReceivedMessage,
  run: Pick<Run, "take">,
): Promise<Outcome | undefined> {
  for (const [name, use] of Object.entries(uses ?? {})) {
    if (typeof use !== "function") continue;
    let amount: number | undefined;
    try {
      amount = use(message);
    } catch (error) {
      return { kind: "retry", error };
    }
    if (amount === undefined || amount === 0) continue;
    const fault = estimateFault(name, amount);
    if (fault) return { kind: "retry", error: new Error(`the agent's uses: ${fault}`) };
    try {
      await run.take(name, amount);
    } catch (error) {
      // More than the whole budget.
      if (isError(error) && error.name === "RangeError") return { kind: "reject", reason: error.message };
      return outcomeOfError(error);
    }
  }
  return undefined;
}
