import { type Answer, answerOf } from "../wire/answer.js";
import type { TransportSetting } from "../wire/transport.js";
import { TransportChoice } from "../wire/transport-choice.js";
import { ConditionalWrites } from "./conditional-writes.js";
import { defaultTarget } from "./default-target.js";
import { BUDGETS_TABLE } from "./dynamodb-budgets.js";
import { DynamoDbCalls } from "./dynamodb-calls.js";

/** How a table is set up. */
export interface TableSetup {
  /** `ACTIVE`, and others that AWS names. */
  readonly status: string;
  /** Names and types of the key, such as `id (S)`; the second, if there is one, sorts. */
  readonly key: readonly string[];
  /** Undefined: it is billed by the request, and takes what comes. */
  readonly writesPerSecond: number | undefined;
}

/** What DynamoDB said about a table that the worker writes to; the setup may well be forbidden to a worker. */
export interface TableReport {
  /** A write as the worker makes it, whose condition can't hold. */
  readonly write: Answer<void>;
  readonly setup: Answer<TableSetup>;
  /** The attribute by which items expire, or undefined if they don't. */
  readonly expiry: Answer<string | undefined>;
}

/** What is read of DynamoDB's description of a table; everything may be missing. */
interface TableDescription {
  readonly TableStatus?: string;
  readonly AttributeDefinitions?: readonly { readonly AttributeName: string; readonly AttributeType: string }[];
  readonly KeySchema?: readonly { readonly AttributeName: string }[];
  readonly BillingModeSummary?: { readonly BillingMode?: string };
  readonly ProvisionedThroughput?: { readonly WriteCapacityUnits?: number };
}

interface ExpiryDescription {
  readonly AttributeName?: string;
  readonly TimeToLiveStatus?: string;
}

/** Asks DynamoDB about a table, and tries the worker's write there without writing. Never rejects. */
export async function examineTable(
  table: string,
  holds: "keys" | "budgets",
  region: string | undefined,
  transport: TransportSetting,
): Promise<TableReport> {
  const target = defaultTarget(region, new TransportChoice(transport));
  const writes = new ConditionalWrites(table, target, holds === "budgets" ? BUDGETS_TABLE : undefined);
  const calls = new DynamoDbCalls(target);
  const input = { TableName: table };
  try {
    const [write, setup, expiry] = await Promise.all([
      answerOf((signal) => writes.check(signal)),
      answerOf(async (signal) => {
        const { Table } = await calls.call("DescribeTable", input, signal);
        return setupOf(Table as TableDescription);
      }),
      answerOf(async (signal) => {
        const answer = await calls.call("DescribeTimeToLive", input, signal);
        const { AttributeName, TimeToLiveStatus = "" } = (answer.TimeToLiveDescription ?? {}) as ExpiryDescription;
        return /^ENABL/.test(TimeToLiveStatus) ? AttributeName : undefined;
      }),
    ]);
    return { write, setup, expiry };
  } finally {
    writes.close();
    calls.close();
  }
}

function setupOf(table: TableDescription): TableSetup {
  const typeOf = new Map(table.AttributeDefinitions?.map((one) => [one.AttributeName, one.AttributeType]));
  // The sort key, if there is one, comes second by AWS's rules.
  const key = table.KeySchema?.map(({ AttributeName }) => `${AttributeName} (${typeOf.get(AttributeName)})`) ?? [];
  const provisioned = table.BillingModeSummary?.BillingMode !== "PAY_PER_REQUEST";
  const writes = table.ProvisionedThroughput?.WriteCapacityUnits ?? 0;
  return {
    status: table.TableStatus ?? "unknown",
    key,
    writesPerSecond: provisioned && writes > 0 ? writes : undefined,
  };
}
