import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { pointAt } from "../../../../src/cli/dev/credentials.js";
import { devConfig } from "../../../../src/cli/dev/dev-config.js";
import { findDevState, publishDevState } from "../../../../src/cli/dev/dev-state.js";
import { Fates } from "../../../../src/cli/dev/fates.js";
import { freePort } from "../../../../src/cli/dev/free-port.js";
import { SampleProducer } from "../../../../src/cli/dev/sample-producer.js";
import { failingAmong, sampleBody, workFor } from "../../../../src/cli/dev/samples.js";
import type { OutcomeKind } from "../../../../src/pipeline/ports/outcome.js";

describe("A sample message", () => {
  test("is a task for the sample agent, one in twenty with an error_trigger", () => {
    const bodies = Array.from({ length: 1_000 }, (_, index) => JSON.parse(sampleBody(index + 1)));
    expect(bodies[0]).toEqual({ task_id: "1", data: {} });
    expect(bodies[4]).toEqual({ task_id: "5", data: { error_trigger: true } });
    for (const count of [1, 4, 5, 24, 25, 200, 1_000]) {
      expect(bodies.slice(0, count).filter(({ data }) => data.error_trigger)).toHaveLength(failingAmong(count));
    }
    expect(failingAmong(1_000)).toBe(50);
  });

  test("gets shorter work when there are very many, so that a run ends", () => {
    expect(workFor(200, 10)).toBeUndefined();
    expect(workFor(1_000, 10)).toBe(100);
    expect(workFor(100_000, 10)).toBe(1);
    expect(JSON.parse(sampleBody(1, 7)).data).toEqual({ work_ms: 7 });
  });
});

describe("The settings of dev", () => {
  const url = "http://127.0.0.1:1/000000000000/queuehand-dev";

  test("turn off whatever would leave this machine", async () => {
    const config = await devConfig(
      {
        SQS_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/real",
        DLQ_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/real-dlq",
        IDEMPOTENCY_TABLE: "real",
        IDEMPOTENCY_KEY: "messageId",
        AGENT_ROLE_ARN: "arn:aws:iam::123456789012:role/real",
        PAYLOAD_BUCKETS: "real",
        PAYLOAD_DELETE: "true",
        WEBHOOK_SIGNATURE: "github:UNSET_HERE",
        METRICS: "cloudwatch",
        CONCURRENCY: "3",
      },
      url,
      true,
    );
    expect(config).toMatchObject({
      queueUrl: url,
      deadLetterQueueUrl: undefined,
      agentRoleArn: undefined,
      idempotencyTable: undefined,
      payloads: undefined,
      webhookSignature: undefined,
      metrics: "off",
      concurrency: 3,
      http: undefined,
      retryBackoff: { baseSeconds: 1, maxSeconds: 1 },
    });
    expect(config.handler).toMatchObject({ kind: "module", path: expect.stringMatching(/examples.task-agent\.mjs$/) });
  });

  test("point every client in the process at the embedded server, with credentials that open nothing", () => {
    const env: NodeJS.ProcessEnv = { AWS_PROFILE: "work", AWS_SESSION_TOKEN: "real", AWS_ACCESS_KEY_ID: "real" };
    pointAt("http://127.0.0.1:1", env);
    expect(env).toEqual({
      AWS_ENDPOINT_URL_SQS: "http://127.0.0.1:1",
      AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "false",
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "queuehand-dev",
      AWS_SECRET_ACCESS_KEY: "queuehand-dev",
    });
  });

  test("take the next port when one is taken", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    expect(await freePort(port, "127.0.0.1")).toBeGreaterThan(port);
    taken.close();
  });
});

describe("What dev leaves for send", () => {
  test("is found in its folder and below, as long as its process lives, and only its own dev removes it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "queuehand-state-"));
    const state = { pid: process.pid, endpoint: "http://127.0.0.1:1", queueUrl: "http://127.0.0.1:1/0/q" };
    const remove = await publishDevState(state, folder);
    expect(await findDevState(folder)).toEqual(state);
    const dead = await publishDevState({ ...state, pid: 2 ** 22 + 1 }, folder);
    expect(await findDevState(folder)).toBeUndefined();
    await remove();
    await dead();
    await publishDevState(state, folder).then((again) => again());
    expect(await findDevState(folder)).toBeUndefined();
    await rm(folder, { recursive: true });
  });
});

describe("Fates", () => {
  test("count a message once, however often it is delivered", () => {
    const fates = new Fates();
    const settle = (messageId: string, outcome: OutcomeKind) =>
      fates.record({ kind: "settled", delivery: { messageId, receiveCount: 1 }, outcome, agentMs: 1, certain: true });
    settle("a", "retry");
    settle("a", "retry");
    settle("a", "done");
    settle("b", "retry");
    settle("c", "reject");
    settle("d", "interrupted");
    expect([fates.done, fates.retried, fates.rejected]).toEqual([1, 2, 1]);
  });
});

describe("The sample producer", () => {
  test("sends at its rate until it is stopped, and stopping it twice is harmless", async () => {
    const bodies: string[] = [];
    let enough: () => void = () => {};
    const twenty = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const producer = new SampleProducer(
      {
        async send(messages) {
          bodies.push(...messages.map(({ body }) => body));
          if (bodies.length >= 20) enough();
          return messages.map(({ body }) => ({ ok: true, id: body }));
        },
      },
      500,
      (n) => ({ body: String(n) }),
      () => {},
    );
    producer.start();
    await twenty;
    await producer.stop();
    await producer.stop();
    const { sent } = producer;
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(producer.sent).toBe(sent);
    expect(bodies).toEqual(Array.from({ length: sent }, (_, index) => String(index + 1)));
  });
});
