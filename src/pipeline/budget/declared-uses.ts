import { type DeclaredUses, ESTIMATED, estimateFault } from "../ports/budget.js";
import type { Delivery } from "../ports/delivery.js";
import { words } from "../ports/thrown.js";
import type { Budget } from "./budget.js";
import { ChargeFault } from "./charges.js";
import { tooMuch } from "./run-grant.js";

/** What an agent says of a message; undefined: it takes nothing. Throws a ChargeFault where that makes no sense. */
export function asked(
  budget: Budget,
  use: Exclude<DeclaredUses[string], number>,
  { message, estimates }: Delivery,
): number | undefined {
  let amount: unknown;
  try {
    amount = use === ESTIMATED ? estimates?.[budget.name] : use(message);
  } catch (error) {
    throw new ChargeFault(`the agent's uses can't tell what a message takes of ${budget.name}: ${words(error)}`, false);
  }
  if (amount === undefined || amount === 0) return undefined;
  const fault = estimateFault(budget.name, amount);
  if (fault) throw new ChargeFault(`the agent's uses: ${fault}`, false);
  const sound = amount as number;
  if (sound > budget.amountMax) throw new ChargeFault(tooMuch(budget, sound), true);
  return sound;
}

/** What is wrong with what messages are to use, one sentence each. */
export function usesFaults(uses: DeclaredUses, find: (name: string) => Budget | undefined): string[] {
  return Object.entries(uses).flatMap(([name, use]) => {
    const budget = find(name);
    if (!budget) return [`the agent uses ${name}, which BUDGETS does not have`];
    if (typeof use !== "number") return [];
    const fault = estimateFault(name, use);
    if (fault) return [fault];
    return use > budget.amountMax ? [`each message uses ${tooMuch(budget, use)}`] : [];
  });
}
