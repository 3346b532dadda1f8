import { examineTable, type TableSetup } from "../../aws/dynamodb/table-checks.js";
import type { Answer } from "../../aws/wire/answer.js";
import { endpointOf, regionOf } from "../../aws/wire/region.js";
import type { Config } from "../../config/config.js";
import { bad, type Finding, ok, warn } from "./finding.js";

const ABOUT = "idempotency";
const KEY = "id (S)";
const EXPIRY = "expiresAt";
const MAKE = "docs/idempotency.md has the lines that make one";
/** A message's claim and its record. */
const WRITES_PER_MESSAGE = 2;

/**
 * Whether IDEMPOTENCY_TABLE is there, has the right key, forgets, and may be written: by a write whose condition can't
 * hold. A worker's role may do nothing but write; what it may not look at is left out.
 */
export async function tableFindings(config: Config): Promise<Finding[]> {
  const { idempotencyTable: table, idempotencyKeepSeconds: keepSeconds, queueUrl } = config;
  if (table === undefined) return [];
  const region = regionOf(queueUrl, process.env, endpointOf(process.env));
  const { write, setup, expiry } = await examineTable({ table, keepSeconds }, region, config.transport);
  const misfits = setup.ok ? setupFindings(table, setup.value) : [];
  // What is wrong with the table is why the write fails.
  if (misfits.some(({ level }) => level === "bad")) return misfits;
  if (!write.ok) return [writeFinding(write.detail)];
  const hidden = [
    ...(isHidden(setup) ? ["dynamodb:DescribeTable"] : []),
    ...(isHidden(expiry) ? ["dynamodb:DescribeTimeToLive"] : []),
  ];
  const unseen = hidden.length > 0 ? `; nothing else is checked without ${hidden.join(" and ")}` : "";
  return [
    ok(ABOUT, `dynamodb:UpdateItem on ${table}${unseen}`),
    ...misfits,
    ...(expiry.ok ? [expiryFinding(table, expiry.value)] : []),
  ];
}

function isHidden(answer: Answer<unknown>): boolean {
  return !answer.ok && answer.denied;
}

function writeFinding(detail: string): Finding {
  const advice = "make the table with the string key id, permit dynamodb:UpdateItem on it, or correct its name";
  return bad(ABOUT, detail.replace(/^TableError: /, ""), advice);
}

function setupFindings(table: string, { status, key, writesPerSecond }: TableSetup): Finding[] {
  if (key.join() !== KEY) {
    const found = key.length > 1 ? `${key.join(" and ")}, a key of two parts` : key.join();
    return [bad(ABOUT, `${table} has the key ${found} and not ${KEY}`, `a table's key can't be changed: ${MAKE}`)];
  }
  if (!/^(ACTIVE|UPDATING)$/.test(status)) {
    return [bad(ABOUT, `${table} is ${status}`, "wait until it is ACTIVE; if it is being deleted, make another")];
  }
  if (writesPerSecond === undefined) return [ok(ABOUT, `${table} is billed by the request and takes what comes`)];
  const messages = writesPerSecond / WRITES_PER_MESSAGE;
  return [
    warn(
      ABOUT,
      `${table} takes ${writesPerSecond} writes a second unless it is scaled: ${messages} messages; beyond that they wait`,
      "set its billing mode to PAY_PER_REQUEST, or see that auto scaling raises it in time",
    ),
  ];
}

function expiryFinding(table: string, attribute: string | undefined): Finding {
  if (attribute === EXPIRY) return ok(ABOUT, `${table} forgets by ${EXPIRY}`);
  const found = attribute === undefined ? "has no TTL attribute" : `has the TTL attribute ${attribute}`;
  return warn(ABOUT, `${table} ${found}: it grows for ever`, `set its TTL attribute to ${EXPIRY}: ${MAKE}`);
}
