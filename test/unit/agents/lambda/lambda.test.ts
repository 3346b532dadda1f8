import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { decodeAs } from "../../../../src/agents/decoded/decode-as.js";
import type { Agent } from "../../../../src/agents/define-handler.js";
import { type LambdaOptions, toLambda } from "../../../../src/agents/lambda/lambda.js";
import type { SqsRecord } from "../../../../src/agents/lambda/lambda-event.js";
import { lambdaLog } from "../../../../src/agents/lambda/lambda-log.js";
import { Defer, Reject, Retry } from "../../../../src/pipeline/ports/outcome.js";
import { ODD_THROWS } from "../../../support/odd-throws.js";
import { PRODUCERS } from "../../../support/producers/producers.js";
import { celeryTask } from "../../../support/producers/python.js";

// What a function logs goes straight to stdout.
let stdout: jest.Spied<typeof process.stdout.write>;
beforeEach(() => {
  stdout = jest.spyOn(process.stdout, "write").mockReturnValue(true);
});
afterEach(() => stdout.mockRestore());

function record(id: string, body: unknown = {}, attributes: Record<string, string> = {}): SqsRecord {
  return {
    messageId: id,
    receiptHandle: `handle of ${id}`,
    body: JSON.stringify(body),
    attributes: { ApproximateReceiveCount: "2", SentTimestamp: "1700000000000", ...attributes },
    messageAttributes: {},
  };
}

const inGroup = (id: string, group: string, body: unknown = {}) =>
  record(id, body, { MessageGroupId: group, SequenceNumber: id });

async function failuresOf(
  agent: Agent,
  records: SqsRecord[],
  { ms = 60_000, ...options }: LambdaOptions & { ms?: number } = {},
): Promise<string[]> {
  const handler = toLambda(agent, options);
  const { batchItemFailures } = await handler({ Records: records }, { getRemainingTimeInMillis: () => ms });
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

test.each([
  [{ Records: [{ EventSource: "aws:sns", Sns: {} }] }, "got { EventSource, Sns }"],
  [{ source: "aws.events", detail: {} }, "got { source, detail }"],
  ["text", "got text"],
  [null, "got null"],
])("A function refuses what is no event of a queue, and says what it got: %j", async (event, got) => {
  const handler = toLambda(() => {});
  await expect(handler(event as never, { getRemainingTimeInMillis: () => 1_000 })).rejects.toThrow(
    `toLambda takes the events of an SQS event source mapping, ${got}`,
  );
});

describe("An agent as a Lambda function", () => {
  test.each(Object.keys(ODD_THROWS))(
    "that throws %s fails that message alone, and tells of it in one line",
    async (name) => {
      const agent: Agent = ({ id }, { log, progress }) => {
        if (id !== "odd") return;
        const odd = ODD_THROWS[name]!();
        log.info({ odd }, "told");
        log.info(odd as object, "told");
        progress(odd as string);
        throw odd;
      };
      expect(await failuresOf(agent, [record("a"), record("odd"), record("b")])).toEqual(["odd"]);
      const lines = stdout.mock.calls.map(([line]) => JSON.parse(String(line)));
      expect(lines.filter(({ msg }) => msg === "message left to the queue")).toMatchObject([
        { messageId: "odd", outcome: "retry", err: { message: expect.any(String) } },
      ]);
    },
  );

  test("saves its checkpoint before the time is up, but not once it has ended", async () => {
    const saved: string[] = [];
    const agent: Agent = async ({ id }, { checkpoint, signal }) => {
      checkpoint((cause) => saved.push(`${id}: ${cause}, ${signal.aborted ? "aborted" : "not aborted"}`));
      if (id === "quick") return;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    };
    expect(await failuresOf(agent, [record("quick"), record("long")], { ms: 300 })).toEqual(["long"]);
    expect(saved).toEqual(["long: timeout, not aborted"]);
  });

  test("gets each record as the message that a worker would give it", async () => {
    let seen: unknown;
    const agent: Agent = (message, { deadline }) => {
      seen = { ...message, remaining: Math.round((deadline - Date.now()) / 1000) };
    };
    await failuresOf(agent, [
      {
        ...record("m-1", { order: 1 }, { MessageGroupId: "tenant" }),
        messageAttributes: {
          kind: { dataType: "String", stringValue: "order" },
          bytes: { dataType: "Binary", binaryValue: "AP8=" },
        },
      },
    ]);
    expect(seen).toMatchObject({
      id: "m-1",
      body: { order: 1 },
      raw: '{"order":1}',
      groupId: "tenant",
      receiveCount: 2,
      sentAt: 1_700_000_000_000,
      attributes: { kind: "order", bytes: Buffer.from([0, 255]) },
      remaining: 58,
    });
  });

  test.each([
    { body: null },
    { body: 5 },
    { messageAttributes: { a: null } },
    { messageAttributes: { a: { dataType: "Binary", binaryValue: {} } } },
  ])("fails an odd record alone: %j", async (odd) => {
    const ran: string[] = [];
    const records = [record("first"), { ...record("odd"), ...odd } as unknown as SqsRecord, record("last")];
    expect(await failuresOf(({ id }) => void ran.push(id), records)).toEqual(["odd"]);
    expect(ran).toEqual(["first", "last"]);
  });

  test.each([{ attributes: null }, { messageAttributes: null }])(
    "does without what a record lacks: %j",
    async (odd) => {
      expect(await failuresOf(() => {}, [{ ...record("odd"), ...odd } as unknown as SqsRecord])).toEqual([]);
    },
  );

  test("names as failures what isn't done, and nothing else", async () => {
    const agent: Agent = ({ body }) => {
      if (body === "throw") throw new Error("no network");
      if (body === "retry") throw new Retry(30);
      if (body === "reject") throw new Reject("never");
      if (body === "defer") throw new Defer(30, "database down");
    };
    const records = ["done", "throw", "retry", "reject", "defer", "done too"].map((body) => record(body, body));
    expect(await failuresOf(agent, records)).toEqual(["throw", "retry", "reject", "defer"]);
    const lines = stdout.mock.calls.map(([line]) => JSON.parse(String(line)));
    expect(lines.map(({ messageId, outcome }) => `${messageId}: ${outcome}`).toSorted()).toEqual([
      "defer: defer",
      "reject: reject",
      "retry: retry",
      "throw: retry",
    ]);
  });

  test("runs the messages of a batch at once", async () => {
    let running = 0;
    let most = 0;
    const agent: Agent = async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
    };
    await failuresOf(
      agent,
      ["a", "b", "c"].map((id) => record(id)),
    );
    expect(most).toBe(3);
  });

  test("keeps the order of each group and stops it at its first failure", async () => {
    const ran: string[] = [];
    const agent: Agent = async ({ id, body }) => {
      await new Promise(setImmediate);
      ran.push(id);
      if (body === "fail") throw new Error("failed");
    };
    const records = [
      inGroup("1", "a"),
      inGroup("2", "b"),
      inGroup("3", "a", "fail"),
      inGroup("4", "a"),
      inGroup("5", "b"),
    ];
    expect(await failuresOf(agent, records)).toEqual(["3", "4"]);
    expect(ran.toSorted()).toEqual(["1", "2", "3", "5"]);
  });

  test("groups on a standard queue run at once: they say nothing of order", async () => {
    const agent: Agent = ({ body }) => {
      if (body === "fail") throw new Error("failed");
    };
    const records = [record("1", "fail", { MessageGroupId: "a" }), record("2", {}, { MessageGroupId: "a" })];
    expect(await failuresOf(agent, records)).toEqual(["1"]);
  });

  test("hands what was rejected to whoever puts it aside, and only then lets it be deleted", async () => {
    const agent: Agent = () => {
      throw new Reject("no such order");
    };
    const aside: unknown[] = [];
    const onReject: LambdaOptions["onReject"] = async ({ id, body }, reason) => {
      if (id === "2") throw new Error("no bucket");
      aside.push([id, body, reason]);
    };
    expect(await failuresOf(agent, [record("1", { a: 1 }), record("2")], { onReject })).toEqual(["2"]);
    expect(aside).toEqual([["1", { a: 1 }, "no such order"]]);
  });

  test("is aborted before the function's time is up, and what isn't done then comes again", async () => {
    const seen: unknown[] = [];
    const agent: Agent = async ({ body }, { signal, extend }) => {
      if (body === "quick") return;
      extend(600);
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      seen.push(signal.reason.cause);
      if (body === "stubborn") await new Promise(() => {});
    };
    const records = ["quick", "heeds", "stubborn"].map((body) => record(body, body));
    expect(await failuresOf(agent, records, { ms: 200 })).toEqual(["heeds", "stubborn"]);
    expect(seen).toEqual(["timeout", "timeout"]);
  });

  test("doesn't begin on a group's next message once its time is up", async () => {
    const ran: string[] = [];
    const agent: Agent = async ({ id }, { signal }) => {
      ran.push(id);
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    };
    expect(await failuresOf(agent, [inGroup("1", "a"), inGroup("2", "a")], { ms: 100 })).toEqual(["1", "2"]);
    expect(ran).toEqual(["1"]);
  });

  test("rejects bodies that fail its schema", async () => {
    const schema = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) =>
          (value as { order?: unknown }).order ? { value } : { issues: [{ message: "required", path: ["order"] }] },
      },
    };
    const reasons: string[] = [];
    const onReject = async (_: unknown, reason: string) => void reasons.push(reason);
    const agent = { schema, handle: () => {} };
    expect(await failuresOf(agent, [record("1", { order: 1 }), record("2", {})], { onReject })).toEqual([]);
    expect(reasons).toEqual(["the body fails its schema: order: required"]);
  });
});

describe("A line of its log", () => {
  test("is JSON that names the message, and can't be taken for a metric", () => {
    const lines: string[] = [];
    const log = lambdaLog({ messageId: "m-1" }, (line) => lines.push(line));
    log.info({ _aws: { CloudWatchMetrics: [] }, err: new TypeError("no"), big: 1n }, "a\nline");
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain("\n");
    const line = JSON.parse(lines[0]!);
    expect(line).toMatchObject({
      level: "info",
      messageId: "m-1",
      msg: "a\nline",
      err: { name: "TypeError" },
      big: "1",
    });
    expect(line).not.toHaveProperty("_aws");
  });
});

describe("What producers wrap around a body", () => {
  test("is taken off by decodeAs, as DECODE does it in a worker", async () => {
    const plain = PRODUCERS.filter(({ payload, decode }) => !payload && !decode);
    const seen = new Map<string, unknown>();
    const records = plain.map(({ producer, body, attributes = {} }) => ({
      ...record(producer),
      body,
      messageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, { type, string = "" }]) => [
          name,
          { dataType: type, stringValue: string },
        ]),
      ),
    }));
    const handle: Extract<Agent, { handle: unknown }>["handle"] = ({ id, body }) => void seen.set(id, body);
    expect(await failuresOf({ decode: decodeAs("auto"), handle }, records)).toEqual([]);
    for (const { producer, seen: wanted } of plain) {
      const body = seen.get(producer);
      expect([producer, body instanceof Uint8Array ? new Uint8Array(body) : body]).toEqual([producer, wanted]);
    }
  });

  test("a task whose time hasn't come is left to the queue", async () => {
    const later = {
      ...record("later"),
      body: celeryTask([], {}, { eta: new Date(Date.now() + 60_000).toISOString() }),
    };
    const now = { ...record("now"), body: celeryTask([], {}) };
    expect(await failuresOf({ decode: decodeAs("celery"), handle: () => {} }, [later, now])).toEqual(["later"]);
  });
});
