import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  type TableDescription,
} from "@aws-sdk/client-dynamodb";
import { type Answer, answerOf, CALL_TIMEOUT_MS, MAX_ATTEMPTS } from "./answer.js";
import { DynamoDbIdempotency, type DynamoDbIdempotencyOptions } from "./dynamodb-idempotency.js";
import { sdkOptions } from "./sdk-options.js";

/** How a table of keys is set up. */
export interface TableSetup {
  /** `ACTIVE`, and others that AWS names. */
  readonly status: string;
  /** Names and types of the key, such as `id (S)`; the second, if there is one, sorts. */
  readonly key: readonly string[];
  /** Undefined: it is billed by the request, and takes what comes. */
  readonly writesPerSecond: number | undefined;
}

/** What DynamoDB said about a table of keys; the setup may well be forbidden to a worker. */
export interface TableReport {
  /** A write as the worker makes it, whose condition can't hold. */
  readonly write: Answer<void>;
  readonly setup: Answer<TableSetup>;
  /** The attribute by which items expire, or undefined if they don't. */
  readonly expiry: Answer<string | undefined>;
}

/** Asks DynamoDB about a table, and tries the worker's write there without writing. Never rejects. */
export async function examineTable(options: DynamoDbIdempotencyOptions): Promise<TableReport> {
  const keys = new DynamoDbIdempotency(options);
  const patience = { attempts: MAX_ATTEMPTS, connectTimeoutMs: CALL_TIMEOUT_MS, requestTimeoutMs: CALL_TIMEOUT_MS };
  const client = new DynamoDBClient(sdkOptions(options, patience));
  const input = { TableName: options.table };
  try {
    const [write, setup, expiry] = await Promise.all([
      answerOf((signal) => keys.check(signal)),
      answerOf(async (abortSignal) => {
        const { Table } = await client.send(new DescribeTableCommand(input), { abortSignal });
        return setupOf(Table!);
      }),
      answerOf(async (abortSignal) => {
        const answer = await client.send(new DescribeTimeToLiveCommand(input), { abortSignal });
        const { AttributeName, TimeToLiveStatus = "" } = answer.TimeToLiveDescription ?? {};
        return /^ENABL/.test(TimeToLiveStatus) ? AttributeName : undefined;
      }),
    ]);
    return { write, setup, expiry };
  } finally {
    keys.close();
    client.destroy();
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
