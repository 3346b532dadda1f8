import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { build } from "esbuild";
import type { Agent } from "../../src/agents/define-handler.js";
import { type LambdaHandler, toLambda } from "../../src/agents/lambda/lambda.js";
import type { SqsRecord } from "../../src/agents/lambda/lambda-event.js";
import { lambdaIdempotency } from "../../src/lambda.js";
import { Reject } from "../../src/pipeline/ports/outcome.js";
import { MemoryIdempotency } from "../support/memory-idempotency.js";

// What a function logs goes straight to stdout.
let stdout: jest.Spied<typeof process.stdout.write>;
beforeEach(() => {
  stdout = jest.spyOn(process.stdout, "write").mockReturnValue(true);
});
afterEach(() => stdout.mockRestore());

let sent = 0;

function record(order: number | undefined, more: object = {}, attributes: Record<string, string> = {}): SqsRecord {
  const messageId = `m-${++sent}`;
  return {
    messageId,
    receiptHandle: `handle of ${messageId}`,
    body: JSON.stringify({ order, ...more }),
    attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1700000000000", ...attributes },
    eventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:orders",
  };
}

/** A function whose agent charges cards, and what it charged. */
function setup({ agent, env = {} }: { agent?: Agent; env?: Record<string, string> } = {}) {
  const table = new MemoryIdempotency();
  const charges: { readonly key: string; readonly fence: number }[] = [];
  const charge: Agent = async (_, { idempotency }) => {
    charges.push(idempotency!);
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const idempotency = lambdaIdempotency({ IDEMPOTENCY_TABLE: "keys", IDEMPOTENCY_KEY: "body:/order", ...env }, table);
  /** A sandbox of its own: what one knows, another doesn't. */
  const sandbox = () => toLambda(agent ?? charge, { idempotency });
  const operations = () => table.calls.map(({ operation }) => operation);
  return { table, charges, sandbox, operations };
}

async function failuresOf(handler: LambdaHandler, records: SqsRecord[], ms = 60_000): Promise<string[]> {
  const { batchItemFailures } = await handler({ Records: records }, { getRemainingTimeInMillis: () => ms });
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

describe("a Lambda function with an idempotency table", () => {
  test("runs the agent once for each key, with two calls, in a scope of the queue's name", async () => {
    const { table, charges, sandbox, operations } = setup();
    const handler = sandbox();
    expect(await failuresOf(handler, [record(7), record(8)])).toEqual([]);
    expect(charges).toEqual([
      { key: "7", fence: 1 },
      { key: "8", fence: 1 },
    ]);
    expect(operations().sort()).toEqual(["claim", "claim", "complete", "complete"]);
    expect([...table.items.keys()]).toEqual(["orders/7", "orders/8"]);
    // Known here, and asked for elsewhere.
    expect(await failuresOf(handler, [record(7)])).toEqual([]);
    expect(operations()).toHaveLength(4);
    expect(await failuresOf(sandbox(), [record(7)])).toEqual([]);
    expect([operations().length, charges.length]).toEqual([5, 2]);
  });

  test("leaves a duplicate to the queue while its first is at work, here and elsewhere", async () => {
    const { charges, sandbox } = setup();
    const [first, duplicate, elsewhere] = [record(7), record(7), record(7)];
    const other = sandbox();
    const both = [failuresOf(sandbox(), [first, duplicate]), failuresOf(other, [elsewhere])];
    expect((await Promise.all(both)).flat()).toEqual([duplicate.messageId, elsewhere.messageId]);
    expect(charges).toHaveLength(1);
    for (const left of [duplicate, elsewhere]) expect(await failuresOf(other, [left])).toEqual([]);
    expect(charges).toHaveLength(1);
  });

  test("a claim's lease ends with the function's timeout, so that a function that was killed blocks nobody for longer", async () => {
    const { table, sandbox } = setup({ agent: () => new Promise(() => {}) });
    const before = Date.now();
    const record7 = record(7);
    expect(await failuresOf(sandbox(), [record7], 500)).toEqual([record7.messageId]);
    const { leaseUntil, state } = table.items.get("orders/7")!;
    expect(state).toBe("running");
    expect(leaseUntil).toBeGreaterThanOrEqual(before + 500);
    expect(leaseUntil).toBeLessThan(before + 500 + 2_500);
  });

  test("stops a FIFO group at a message that has to wait, and goes on with a finished one", async () => {
    const { charges, sandbox, table } = setup();
    const inGroup = (order: number) => {
      const made = record(order);
      return { ...made, attributes: { ...made.attributes, MessageGroupId: "g", SequenceNumber: made.messageId } };
    };
    const [done, again, held, follower] = [inGroup(1), inGroup(1), inGroup(2), inGroup(3)];
    const payloadHash = await import("node:crypto").then(({ hash }) => hash("sha256", held!.body, "base64url"));
    const now = Date.now();
    await table.claim({ key: "orders/2", owner: "elsewhere", payloadHash, now, leaseMs: 60_000 });
    expect(await failuresOf(sandbox(), [done!, again!, held!, follower!])).toEqual([
      held!.messageId,
      follower!.messageId,
    ]);
    expect(charges.map(({ key }) => key)).toEqual(["1"]);
  });

  test("gives the key of a failed run back, and rejects another payload of a finished one", async () => {
    let fail = true;
    const { table, sandbox } = setup({
      agent: () => {
        if (fail) throw new Reject("not yet");
      },
    });
    const handler = sandbox();
    const first = record(7);
    expect(await failuresOf(handler, [first])).toEqual([first.messageId]);
    expect(table.items.get("orders/7")).toMatchObject({ state: "running", leaseUntil: 0 });
    fail = false;
    expect(await failuresOf(handler, [record(7, { mended: true })])).toEqual([]);
    const other = record(7, { cents: 999 });
    expect(await failuresOf(handler, [other])).toEqual([other.messageId]);
    expect(String(stdout.mock.calls)).toContain("the idempotency key was used with another payload");
  });

  test("closed, it leaves messages to the queue while the table is down; open, it runs them", async () => {
    const closed = setup();
    closed.table.down = true;
    const waiting = record(7);
    expect(await failuresOf(closed.sandbox(), [waiting])).toEqual([waiting.messageId]);
    expect(closed.charges).toEqual([]);
    expect(String(stdout.mock.calls)).toContain("the idempotency table doesn't answer: messages wait until it does");
    const open = setup({ env: { IDEMPOTENCY_ON_ERROR: "open" } });
    open.table.failNext("claim", "down");
    expect(await failuresOf(open.sandbox(), [record(7)])).toEqual([]);
    expect(open.charges).toEqual([{ key: "7", fence: 0 }]);
  });

  test("takes a worker's settings, and tells all faults at the start", () => {
    expect(() =>
      lambdaIdempotency({ IDEMPOTENCY_KEY: "order", IDEMPOTENCY_KEEP_SECONDS: "1", IDEMPOTENCY_TABEL: "keys" }),
    ).toThrow(
      expect.objectContaining({
        name: "ConfigError",
        faults: [
          'IDEMPOTENCY_TABEL is not a setting, got "keys"',
          "IDEMPOTENCY_TABLE is missing",
          expect.stringContaining("IDEMPOTENCY_KEY must be"),
          expect.stringContaining("IDEMPOTENCY_KEEP_SECONDS must be"),
        ],
      }),
    );
  });

  test("refuses an endpoint of DynamoDB that is none", () => {
    expect(() => lambdaIdempotency({ IDEMPOTENCY_TABLE: "keys", AWS_ENDPOINT_URL_DYNAMODB: "localhost:8000" })).toThrow(
      expect.objectContaining({ faults: [expect.stringContaining("AWS_ENDPOINT_URL_DYNAMODB must be")] }),
    );
  });

  test("a table in the environment that nobody was told of is warned of", () => {
    process.env.IDEMPOTENCY_TABLE = "keys";
    try {
      toLambda(() => {});
      expect(String(stdout.mock.calls)).toContain("toLambda was given no idempotency");
    } finally {
      delete process.env.IDEMPOTENCY_TABLE;
    }
  });
});

describe("the bundle of a function", () => {
  const library = join(process.cwd(), "dist", "index.js");
  async function bundleOf(code: string) {
    const { outputFiles } = await build({
      stdin: { contents: code.replace("queuehand", library), resolveDir: process.cwd() },
      bundle: true,
      minify: true,
      write: false,
      platform: "node",
      format: "esm",
    });
    return outputFiles[0]!.text;
  }

  test("has no SDK in it, and the table only if it asks for it", async () => {
    const plain = await bundleOf('import { toLambda } from "queuehand"; export const handler = toLambda(() => {});');
    expect(plain).not.toMatch(/@aws-sdk|leaseUntil/);
    // Half of it is OpenTelemetry's API, which is run only where the function has a tracer provider.
    expect(plain).not.toMatch(/@opentelemetry\/(sdk|exporter|otlp)/);
    expect(plain.length).toBeLessThan(45_000);
    const guarded = await bundleOf(
      'import { lambdaIdempotency, toLambda } from "queuehand"; export const handler = toLambda(() => {}, { idempotency: lambdaIdempotency() });',
    );
    expect(guarded).toMatch(/leaseUntil/);
    expect(guarded).not.toMatch(/@aws-sdk|smithy/);
    // A third of it speaks to proxies, and is run only where one is named.
    expect(guarded.length).toBeLessThan(116_000);
  });
});
