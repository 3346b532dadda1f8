import { defaultTarget } from "../aws/dynamodb/default-target.js";
import { DynamoDbBudgets } from "../aws/dynamodb/dynamodb-budgets.js";
import { endpointOf, regionOf } from "../aws/wire/region.js";
import type { TransportChoice } from "../aws/wire/transport-choice.js";
import type { Config } from "../config/config.js";
import { BlockSupply } from "../pipeline/budget/block-supply.js";
import { Ledger } from "../pipeline/budget/ledger.js";
import type { BudgetSpec } from "../pipeline/ports/budget.js";
import type { BudgetTable } from "../pipeline/ports/budget-table.js";
import type { Clock } from "../pipeline/ports/clock.js";
import type { Handler } from "../pipeline/ports/handler.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";

export interface LedgerParts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly transport: TransportChoice;
  /** Instead of the table that BUDGET_TABLE names. */
  readonly table?: BudgetTable | undefined;
  /** Tasks that work on the queue, as far as is known. */
  readonly tasks: () => number;
}

/** The budgets of the settings, as this task has them, and the table that they are shared by, if there is one. */
export function ledgerOf(config: Config, parts: LedgerParts): { ledger: Ledger; table: BudgetTable | undefined } {
  const { budgets, budgetTable, queueUrl } = config;
  const { clock, tasks, telemetry, transport } = parts;
  if (budgetTable === undefined) return { ledger: new Ledger({ clock, budgets }), table: undefined };
  // The queue's region, since it may be that only its URL names one.
  const region = regionOf(queueUrl, process.env, endpointOf(process.env));
  const table = parts.table ?? new DynamoDbBudgets({ table: budgetTable, ...defaultTarget(region, transport) });
  const onTable = toldOnce(telemetry);
  const supplyOf = (spec: BudgetSpec) =>
    new BlockSupply({ spec, table, clock, tasks, onTable, onMore: () => ledger.onMore() });
  const ledger: Ledger = new Ledger({ clock, budgets, supplyOf });
  return { ledger, table };
}

/** All budgets are in one table: its silence is told once. */
function toldOnce(telemetry: Telemetry): (error: unknown) => void {
  let down = false;
  return (error) => {
    const isDown = error !== undefined;
    if (isDown === down) return;
    down = isDown;
    const text = down
      ? "the budgets' table doesn't answer: each task takes its share until it does"
      : "the budgets' table answers again";
    telemetry({ kind: "warning", text, ...(down ? { error } : {}) });
  };
}

/** Budgets that nothing uses, uses of none, amounts that make no sense: each is named, and nothing is received. */
export class BudgetError extends Error {
  override readonly name = "BudgetError";
}

/** What messages use, by the settings or else by the agent that is ready now. Throws a BudgetError. */
export function declareUses(ledger: Ledger, { uses, budgets }: Config, agent: Handler): void {
  if (uses && agent.uses) {
    throw new BudgetError("USES and the agent's own uses both say what messages take: one of them is enough");
  }
  const declared = uses ?? agent.uses;
  if (!declared && budgets.length === 0) return;
  const faults = ledger.declare(declared ?? {});
  if (faults.length > 0) throw new BudgetError(faults.join("; "));
}
