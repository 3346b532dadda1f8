import { describe, expect, test } from "@jest/globals";
import { EmfMetrics, emfLines } from "../../../src/observe/emf.js";
import type { Metric, Publication } from "../../../src/pipeline/ports/metrics.js";

const at = Date.UTC(2026, 0, 1);

function publicationOf(...metrics: Metric[]): Publication {
  return { namespace: "Queuehand", queueName: "tasks", at, metrics };
}

function metric(name: string, more: Partial<Metric> = {}): Metric {
  return { name, unit: "Count", values: [1], counts: [1], resolution: 60, ...more };
}

describe("embedded metrics", () => {
  test("are one line of JSON that names namespace, dimensions, units and values", async () => {
    const lines: string[] = [];
    await new EmfMetrics((line) => lines.push(line)).publish(
      publicationOf(
        metric("SlotDemand", { unit: "Percent", values: [120], resolution: 1 }),
        metric("AgentSeconds", { unit: "Seconds", values: [0.5, 2], counts: [1, 3] }),
      ),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]!.indexOf("\n")).toBe(lines[0]!.length - 1);
    expect(JSON.parse(lines[0]!)).toEqual({
      _aws: {
        Timestamp: at,
        CloudWatchMetrics: [
          {
            Namespace: "Queuehand",
            Dimensions: [["QueueName"]],
            Metrics: [
              { Name: "SlotDemand", Unit: "Percent", StorageResolution: 1 },
              { Name: "AgentSeconds", Unit: "Seconds", StorageResolution: 60 },
            ],
          },
        ],
      },
      QueueName: "tasks",
      SlotDemand: 120,
      AgentSeconds: [0.5, 2, 2, 2],
    });
  });

  test("have a line for each outcome, as a dimension's value stands once in a line", () => {
    const lines = emfLines(
      publicationOf(
        metric("ReceiveErrors"),
        metric("MessagesSettled", { outcome: "done", values: [7] }),
        metric("MessagesSettled", { outcome: "retry", values: [2] }),
      ),
    ).map((line) => JSON.parse(line));
    expect(lines.map(({ Outcome, MessagesSettled }) => [Outcome, MessagesSettled])).toEqual([
      [undefined, undefined],
      ["done", 7],
      ["retry", 2],
    ]);
    expect(lines[1]._aws.CloudWatchMetrics[0].Dimensions).toEqual([["QueueName", "Outcome"]]);
  });

  test("define at most 100 metrics in a line", () => {
    const metrics = Array.from({ length: 250 }, (_, index) => metric(`M${index}`));
    const sizes = emfLines(publicationOf(...metrics)).map(
      (line) => JSON.parse(line)._aws.CloudWatchMetrics[0].Metrics.length,
    );
    expect(sizes).toEqual([100, 100, 50]);
  });

  test("have 100 values that stand evenly for a distribution of more", () => {
    const [line] = emfLines(
      publicationOf(metric("AgentSeconds", { values: [1, 2, 9], counts: [90_000, 9_000, 1_000] })),
    );
    const values: number[] = JSON.parse(line!).AgentSeconds;
    expect([1, 2, 9].map((value) => values.filter((each) => each === value).length)).toEqual([90, 9, 1]);
  });
});
