import { BUDGET_NAME, type BudgetSpec, type Uses } from "../pipeline/ports/budget.js";
import { textOf } from "../pipeline/ports/thrown.js";

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3_600 };
const AMOUNT_MAX = 1e12;
const AT_ONCE_MAX = 100_000;
const FORM = "NAME=AMOUNT/s, /min or /h, and *N for at most N runs at once";

/** What BUDGETS says, or the first thing that is wrong with it, in words that continue "BUDGETS ". */
export type Parsed<T> = { readonly value: T } | { readonly fault: string };

/** Reads `openai=600/min*8, openai.tokens=200000/min, crm=20/s`. */
export function parseBudgets(text: string): Parsed<readonly BudgetSpec[]> {
  const specs: BudgetSpec[] = [];
  for (const each of text.split(",")) {
    const spec = budgetOf(each.trim());
    if ("fault" in spec) return spec;
    if (specs.some(({ name }) => name === spec.value.name)) return { fault: `names ${spec.value.name} twice` };
    specs.push(spec.value);
  }
  return { value: specs };
}

function budgetOf(text: string): Parsed<BudgetSpec> {
  const [, name = "", amount = "", unit = "", atOnce] = /^([^=]*)=([^/*]*)\/([^*]*)(?:\*(.*))?$/.exec(text) ?? [];
  const told = JSON.stringify(text);
  if (!name) return { fault: `must be ${FORM}, with commas between them, got ${told}` };
  if (!BUDGET_NAME.test(name)) return { fault: `needs names of letters, digits, . - and _, got ${told}` };
  const perSeconds = UNIT_SECONDS[unit];
  if (perSeconds === undefined) {
    return { fault: `takes /s, /min or /h for ${name}, got ${textOf(JSON.stringify(unit))} in ${told}` };
  }
  const number = numberOf(amount);
  if (!(number > 0 && number <= AMOUNT_MAX)) {
    return { fault: `needs an amount above 0 for ${name}, in digits and at most 10^12, got ${told}` };
  }
  if (atOnce === undefined) return { value: { name, amount: number, perSeconds } };
  const runs = numberOf(atOnce);
  if (!(Number.isInteger(runs) && runs >= 1 && runs <= AT_ONCE_MAX)) {
    return { fault: `needs a whole number after * for ${name}, 1 to ${AT_ONCE_MAX}, got ${told}` };
  }
  return { value: { name, amount: number, perSeconds, atOnce: runs } };
}

/** Reads `openai, openai.tokens=1500`: what each message takes, 1 unless it is said. */
export function parseUses(text: string): Parsed<Uses> {
  const uses: Record<string, number> = {};
  for (const each of text.split(",")) {
    const [, name = "", amount] = /^([^=]*)(?:=(.*))?$/.exec(each.trim()) ?? [];
    const number = amount === undefined ? 1 : numberOf(amount);
    const told = JSON.stringify(each.trim());
    if (!BUDGET_NAME.test(name)) return { fault: `must be names of budgets, with commas between them, got ${told}` };
    if (!(number >= 0 && number <= AMOUNT_MAX))
      return { fault: `needs an amount of 0 or more for ${name}, in digits and at most 10^12, got ${told}` };
    if (Object.hasOwn(uses, name)) return { fault: `names ${name} twice` };
    uses[name] = number;
  }
  return { value: uses };
}

function numberOf(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
