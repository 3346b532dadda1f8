import { examineTable, type TableSetup } from "../../aws/dynamodb/table-checks.js";
import type { Answer } from "../../aws/wire/answer.js";
import { endpointOf, regionOf } from "../../aws/wire/region.js";
import type { Config } from "../../config/config.js";
import { bad, type Finding, ok, warn } from "./finding.js";

const KEY = "id (S)";
const EXPIRY = "expiresAt";
const MAKE = "docs/idempotency.md has the lines that make one";

/** A table that the settings name, and what for. */
interface UsedTable {
  readonly about: "idempotency" | "budgets";
  readonly table: string;
  readonly holds: "keys" | "budgets";
  /** Whether it grows for ever without a TTL. */
  readonly expires: boolean;
  /** What so many writes a second are enough for, or undefined where they are plenty. */
  limitOf(writesPerSecond: number): string | undefined;
}

/** A message's claim and its record. */
const WRITES_PER_MESSAGE = 2;
/** However many tasks share it. */
const WRITES_PER_BUDGET = 5;

/**
 * Whether IDEMPOTENCY_TABLE and BUDGET_TABLE are there, have the right key, forget where they should, and may be written: by
 * a write whose condition can't hold. A worker's role may do nothing but write; what it may not look at is left out.
 */
export async function tableFindings(config: Config): Promise<Finding[]> {
  const found = await Promise.all(tablesOf(config).map((used) => findingsOf(used, config)));
  return found.flat();
}

function tablesOf({ idempotencyTable, budgetTable, budgets }: Config): UsedTable[] {
  const keys: UsedTable | undefined =
    idempotencyTable === undefined
      ? undefined
      : {
          about: "idempotency",
          table: idempotencyTable,
          holds: "keys",
          expires: true,
          limitOf: (writes) => `${writes / WRITES_PER_MESSAGE} messages; beyond that they wait`,
        };
  const need = budgets.length * WRITES_PER_BUDGET;
  const shared: UsedTable | undefined =
    budgetTable === undefined
      ? undefined
      : {
          about: "budgets",
          table: budgetTable,
          holds: "budgets",
          expires: false,
          limitOf: (writes) =>
            writes >= need ? undefined : `budgets need about ${need}; beyond that tasks divide them`,
        };
  return [keys, shared].filter((used) => used !== undefined);
}

async function findingsOf(used: UsedTable, { queueUrl, transport }: Config): Promise<Finding[]> {
  const { about, table, holds, expires } = used;
  const region = regionOf(queueUrl, process.env, endpointOf(process.env));
  const { write, setup, expiry } = await examineTable(table, holds, region, transport);
  const misfits = setup.ok ? setupFindings(used, setup.value) : [];
  // What is wrong with the table is why the write fails.
  if (misfits.some(({ level }) => level === "bad")) return misfits;
  if (!write.ok) return [writeFinding(about, write.detail)];
  const hidden = [
    ...(isHidden(setup) ? ["dynamodb:DescribeTable"] : []),
    ...(expires && isHidden(expiry) ? ["dynamodb:DescribeTimeToLive"] : []),
  ];
  const unseen = hidden.length > 0 ? `; nothing else is checked without ${hidden.join(" and ")}` : "";
  return [
    ok(about, `dynamodb:UpdateItem on ${table}${unseen}`),
    ...misfits,
    ...(expires && expiry.ok ? [expiryFinding(used, expiry.value)] : []),
  ];
}

function isHidden(answer: Answer<unknown>): boolean {
  return !answer.ok && answer.denied;
}

function writeFinding(about: string, detail: string): Finding {
  const advice = "make the table with the string key id, permit dynamodb:UpdateItem on it, or correct its name";
  return bad(about, detail.replace(/^TableError: /, ""), advice);
}

function setupFindings({ about, table, limitOf }: UsedTable, { status, key, writesPerSecond }: TableSetup): Finding[] {
  if (key.join() !== KEY) {
    const found = key.length > 1 ? `${key.join(" and ")}, a key of two parts` : key.join();
    return [bad(about, `${table} has the key ${found} and not ${KEY}`, `a table's key can't be changed: ${MAKE}`)];
  }
  if (!/^(ACTIVE|UPDATING)$/.test(status)) {
    return [bad(about, `${table} is ${status}`, "wait until it is ACTIVE; if it is being deleted, make another")];
  }
  if (writesPerSecond === undefined) return [ok(about, `${table} is billed by the request and takes what comes`)];
  const limit = limitOf(writesPerSecond);
  if (limit === undefined) return [ok(about, `${table} takes ${writesPerSecond} writes a second, which is plenty`)];
  return [
    warn(
      about,
      `${table} takes ${writesPerSecond} writes a second unless it is scaled: ${limit}`,
      "set its billing mode to PAY_PER_REQUEST, or see that auto scaling raises it in time",
    ),
  ];
}

function expiryFinding({ about, table }: UsedTable, attribute: string | undefined): Finding {
  if (attribute === EXPIRY) return ok(about, `${table} forgets by ${EXPIRY}`);
  const found = attribute === undefined ? "has no TTL attribute" : `has the TTL attribute ${attribute}`;
  return warn(about, `${table} ${found}: it grows for ever`, `set its TTL attribute to ${EXPIRY}: ${MAKE}`);
}
