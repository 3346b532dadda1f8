import { parseBudgets } from "../../config/budgets.js";
import type { BudgetLimits } from "../../scaling/start-gate.js";
import type { Option } from "../command-line.js";
import { type Typed, UsageError } from "../command-line.js";

/** What `simulate` and `plan` both ask about a provider. */
export const BUDGET_OPTION: Option = {
  name: "budget",
  value: "LIMIT",
  meaning: "what the agents' provider takes of the whole fleet, one a message: 600/min, 20/s, 600/min*8 (default: all)",
};

/** @throws UsageError when it makes no sense. */
export function budgetOf(typed: Typed): BudgetLimits | undefined {
  const text = typed.text("budget");
  if (text === undefined) return undefined;
  const parsed = parseBudgets(`budget=${text}`);
  const budget = "value" in parsed && parsed.value.length === 1 ? parsed.value[0] : undefined;
  if (!budget) throw new UsageError(`--budget must be as in 600/min, 20/s, 5000/h or 600/min*8, got "${text}"`);
  return { startsPerSecond: budget.amount / budget.perSeconds, atOnce: budget.atOnce ?? Number.POSITIVE_INFINITY };
}
