import { afterEach, describe, expect, test } from "@jest/globals";
import { CloudWatchMetrics, putMetricDataInputs } from "../../../../src/aws/cloudwatch/cloudwatch-metrics.js";
import type { Metric, Publication } from "../../../../src/pipeline/ports/metrics.js";
import { type PeerAnswer, type PeerRequest, startPeer } from "../../../support/http-peer.js";

const never = new AbortController().signal;
const at = Date.UTC(2026, 0, 1);

function metric(name: string, more: Partial<Metric> = {}): Metric {
  return { name, unit: "Count", values: [1], counts: [1], resolution: 60, ...more };
}

function publicationOf(...metrics: Metric[]): Publication {
  return { namespace: "Queuehand", queueName: "tasks", at, metrics };
}

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function setup(answer: (request: PeerRequest) => PeerAnswer | undefined = () => ({ json: {} })) {
  const peer = await startPeer(answer);
  const sink = new CloudWatchMetrics({
    region: "eu-west-1",
    endpoint: peer.url,
    credentials: async () => ({ accessKeyId: "key", secretAccessKey: "secret" }),
  });
  opened.push(sink, peer);
  return { peer, sink };
}

describe("CloudWatchMetrics", () => {
  test("publishes everything that a task has to say in one call", async () => {
    const { peer, sink } = await setup();
    await sink.publish(
      publicationOf(
        metric("SlotDemand", { unit: "Percent", values: [83.333333333], resolution: 1 }),
        metric("AgentSeconds", { unit: "Seconds", values: [0.5, 2], counts: [3, 9] }),
        metric("MessagesSettled", { outcome: "done", values: [12] }),
      ),
      never,
    );
    expect(peer.requests).toEqual([
      {
        url: "/",
        target: "GraniteServiceVersion20100801.PutMetricData",
        json: {
          Namespace: "Queuehand",
          MetricData: [
            {
              MetricName: "SlotDemand",
              Dimensions: [{ Name: "QueueName", Value: "tasks" }],
              Unit: "Percent",
              Timestamp: at / 1000,
              StorageResolution: 1,
              Values: [83.3333],
              Counts: [1],
            },
            expect.objectContaining({ MetricName: "AgentSeconds", Unit: "Seconds", Values: [0.5, 2], Counts: [3, 9] }),
            expect.objectContaining({
              MetricName: "MessagesSettled",
              Dimensions: [
                { Name: "QueueName", Value: "tasks" },
                { Name: "Outcome", Value: "done" },
              ],
              StorageResolution: 60,
            }),
          ],
        },
      },
    ]);
  });

  test("rejects with what the service says, and works again after it", async () => {
    let denies = true;
    const { sink } = await setup(() =>
      denies
        ? { status: 403, json: { __type: "AccessDeniedException", message: "not cloudwatch:PutMetricData" } }
        : { json: {} },
    );
    await expect(sink.publish(publicationOf(metric("A")), never)).rejects.toThrow("not cloudwatch:PutMetricData");
    denies = false;
    await expect(sink.publish(publicationOf(metric("A")), never)).resolves.toBeUndefined();
  });

  test("tries a second time, and not a third", async () => {
    const { peer, sink } = await setup(() => ({ status: 500, json: { __type: "InternalServiceFault" } }));
    await expect(sink.publish(publicationOf(metric("A")), never)).rejects.toThrow();
    expect(peer.requests).toHaveLength(2);
  });

  test("ends when its signal does, though nobody answers", async () => {
    const { sink } = await setup(() => undefined);
    const controller = new AbortController();
    const publishing = sink.publish(publicationOf(metric("A")), controller.signal);
    controller.abort();
    await expect(publishing).rejects.toThrow();
  });

  test("is closed without harm before its first publication", async () => {
    await expect(new CloudWatchMetrics().close()).resolves.toBeUndefined();
  });
});

describe("the calls of a publication", () => {
  test("have at most 1,000 metrics each", () => {
    const metrics = Array.from({ length: 2_500 }, (_, index) => metric(`M${index}`));
    const inputs = putMetricDataInputs(publicationOf(...metrics));
    expect(inputs.map(({ MetricData }) => MetricData!.length)).toEqual([1_000, 1_000, 500]);
    expect(inputs.flatMap(({ MetricData }) => MetricData!.map(({ MetricName }) => MetricName))).toEqual(
      metrics.map(({ name }) => name),
    );
  });

  test("stay below a megabyte each, with the longest distributions that there are", () => {
    const values = Array.from({ length: 150 }, (_, index) => 1.23456789e-6 * 1.2 ** index);
    const counts = values.map(() => 1_234_567_890);
    const metrics = Array.from({ length: 1_000 }, (_, index) =>
      metric(`TimeInQueueSecondsOfSomeKind${index}`, { unit: "Seconds", outcome: "interrupted", values, counts }),
    );
    for (const input of putMetricDataInputs(publicationOf(...metrics))) {
      expect(JSON.stringify(input).length).toBeLessThan(1_000_000);
    }
  });

  test("are none for nothing", () => {
    expect(putMetricDataInputs(publicationOf())).toEqual([]);
  });
});
