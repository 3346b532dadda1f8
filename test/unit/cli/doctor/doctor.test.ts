import { describe, expect, test } from "@jest/globals";
import type { QueueAttributes } from "../../../../src/aws/sqs/queue-attributes.js";
import type { QueueReport } from "../../../../src/aws/sqs/queue-checks.js";
import { accessFindings } from "../../../../src/cli/doctor/access.js";
import { span } from "../../../../src/cli/doctor/finding.js";
import { fitFindings } from "../../../../src/cli/doctor/fit.js";
import { loadConfig } from "../../../../src/config/config.js";

const URL_ = "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks";
const ARN = "arn:aws:sqs:eu-west-1:123456789012:tasks";

const config = (env: Record<string, string> = {}) =>
  loadConfig({ SQS_QUEUE_URL: URL_, HANDLER: "./agent.mjs", HANDLER_TIMEOUT_SECONDS: "60", ...env });

function attributes(changes: Partial<QueueAttributes> = {}): QueueAttributes {
  return {
    arn: ARN,
    fifo: false,
    visibilityTimeoutSeconds: 30,
    retentionSeconds: 345_600,
    delaySeconds: 0,
    maxReceiveCount: 5,
    deadLetterArn: `${ARN}-dlq`,
    counts: { visible: 0, inFlight: 0, delayed: 0 },
    ...changes,
  };
}

function report(changes: Partial<QueueReport> = {}): QueueReport {
  return {
    endpoint: undefined,
    region: "eu-west-1",
    regionOfEnvironment: undefined,
    credentials: { ok: true, value: { expiresAt: undefined } },
    queue: { ok: true, value: attributes() },
    deadLetterQueueUrl: `${URL_}-dlq`,
    deadLetterLookup: { ok: true, value: `${URL_}-dlq` },
    deadLetters: { ok: true, value: attributes({ arn: `${ARN}-dlq`, retentionSeconds: 1_209_600 }) },
    trials: [],
    ...changes,
  };
}

const fitting = (changes: Partial<QueueReport> = {}, env: Record<string, string> = {}) =>
  fitFindings(config(env), report(changes)).map(({ level, text }) => `${level}: ${text}`);
const access = (changes: Partial<QueueReport> = {}) =>
  accessFindings(report(changes), URL_).map(({ level, text }) => `${level}: ${text}`);
const troubles = (lines: string[]) => lines.filter((line) => !line.startsWith("ok: "));

describe("What fits", () => {
  test("is everything, of a queue as the templates make it", () => {
    expect(troubles([...fitting(), ...access()])).toEqual([]);
  });

  test.each([4, 1])("is not a maxReceiveCount of %d", (maxReceiveCount) => {
    expect(troubles(fitting({ queue: { ok: true, value: attributes({ maxReceiveCount }) } }))).toEqual([
      `bad: maxReceiveCount is ${maxReceiveCount}: a task that is killed hard spends one, a wait for a slot in a fleet one at most, and failures should have 3`,
    ]);
  });

  test("is not a queue without a dead-letter queue", () => {
    const value = attributes({ deadLetterArn: undefined, maxReceiveCount: undefined });
    const lines = fitting({ queue: { ok: true, value }, deadLetterQueueUrl: undefined, deadLetters: undefined });
    expect(troubles(lines)).toEqual([expect.stringMatching(/^bad: the queue has no RedrivePolicy/)]);
  });

  test.each([345_600, 60])("is not a dead-letter queue that keeps %d s, the queue 345600 s", (retentionSeconds) => {
    const value = attributes({ arn: `${ARN}-dlq`, retentionSeconds });
    expect(troubles(fitting({ deadLetters: { ok: true, value } }))).toEqual([
      expect.stringMatching(/^bad: the dead-letter queue keeps messages for .*, the queue for 4 d/),
    ]);
  });

  test("is not a dead-letter queue of another kind, one that is gone, or two of them", () => {
    const fifo = attributes({ arn: `${ARN}-dlq`, retentionSeconds: 1_209_600, fifo: true });
    expect(troubles(fitting({ deadLetters: { ok: true, value: fifo } }))).toEqual([
      "bad: the queue and its dead-letter queue must both be FIFO queues or both not",
    ]);
    const gone = troubles(fitting({ deadLetters: { ok: false, denied: false, detail: "QueueDoesNotExist" } }));
    expect(gone[0]).toBe(`bad: ${URL_}-dlq doesn't answer: QueueDoesNotExist`);
    const other = attributes({ arn: `${ARN}-other`, retentionSeconds: 1_209_600 });
    expect(troubles(fitting({ deadLetters: { ok: true, value: other } }, { DLQ_URL: `${URL_}-other` }))).toEqual([
      `warn: rejected messages go to ${URL_}-other, failed ones to ${ARN}-dlq`,
    ]);
  });

  test("warns of agents that outlast a stop, or SQS's twelve hours", () => {
    expect(troubles(fitting({}, { HANDLER_TIMEOUT_SECONDS: "120" }))).toEqual([
      expect.stringMatching(/^warn: agents may take 120 s, a stop waits 110 s/),
      expect.stringMatching(/^warn: maxReceiveCount is 5: .*, a stop that interrupts an agent one, and failures/),
    ]);
    const lines = troubles(fitting({}, { HANDLER_TIMEOUT_SECONDS: "42600", VISIBILITY_TIMEOUT: "900" }));
    expect(lines[0]).toMatch(/^warn: an agent may take 710 min, but SQS hides a message for 12 h at most/);
  });

  test("warns when the tries may take longer than the message is kept", () => {
    const value = attributes({ retentionSeconds: 600, maxReceiveCount: 10 });
    expect(troubles(fitting({ queue: { ok: true, value } }))[0]).toMatch(
      /^warn: the queue keeps a message for 10 min, but 10 tries of up to 3 min each may take 30 min/,
    );
  });

  test("can't be said of what may not be read", () => {
    const denied = { ok: false, denied: true, detail: "AccessDenied" } as const;
    expect(troubles(fitting({ deadLetters: denied }))).toEqual([
      "warn: the dead-letter queue's retention could not be read",
    ]);
    expect(troubles(access({ queue: denied }))).toEqual([expect.stringMatching(/^warn: .* may not be asked/)]);
  });
});

describe("Access", () => {
  test("tells of each permission that is denied or can't be tried", () => {
    const on = "the queue";
    const lines = access({
      trials: [
        { action: "sqs:ReceiveMessage", on, verdict: "permitted", detail: "" },
        { action: "sqs:DeleteMessage", on, verdict: "denied", detail: "AccessDenied: no" },
        { action: "sqs:ChangeMessageVisibility", on, verdict: "unknown", detail: "ECONNRESET" },
        { action: "sqs:ReceiveMessage", on, verdict: "untried", detail: "it might give messages" },
      ],
    });
    expect(lines.slice(-4)).toEqual([
      "ok: sqs:ReceiveMessage on the queue",
      "bad: sqs:DeleteMessage on the queue is denied (AccessDenied: no)",
      "warn: sqs:ChangeMessageVisibility on the queue could not be tried: ECONNRESET",
      "warn: sqs:ReceiveMessage on the queue could not be tried without harm: it might give messages",
    ]);
  });

  test("warns when AWS_REGION is another one than the queue's", () => {
    expect(troubles(access({ regionOfEnvironment: "us-east-1" }))).toEqual([
      expect.stringContaining("region eu-west-1 by the queue's URL, but AWS_REGION is us-east-1"),
    ]);
  });
});

test.each([
  [0, "0 s"],
  [90, "90 s"],
  [120, "120 s"],
  [900, "15 min"],
  [5_400, "90 min"],
  [7_200, "2 h"],
  [345_600, "4 d"],
])("%d seconds are %s", (seconds, text) => {
  expect(span(seconds)).toBe(text);
});
