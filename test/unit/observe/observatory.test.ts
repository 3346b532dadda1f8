import { Writable } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import { createLogger } from "../../../src/observe/log.js";
import { LogOutput } from "../../../src/observe/log-output.js";
import { Observatory } from "../../../src/observe/observatory.js";
import type { MetricsSink, Publication } from "../../../src/pipeline/ports/metrics.js";
import { slotDemand } from "../../../src/scaling/slot-demand.js";
import { FakeClock } from "../../support/fake-clock.js";

const delivery = { messageId: "m-1", receiveCount: 1 };

function setup(sink?: MetricsSink) {
  let text = "";
  const output = new LogOutput(
    new Writable({
      write(chunk, _encoding, done) {
        text += chunk;
        done();
      },
    }),
  );
  const clock = new FakeClock();
  const observatory = new Observatory({
    queueName: "tasks",
    status: () => ({
      state: "running",
      slots: 10,
      busy: 5,
      buffered: 0,
      openPolls: 1,
      settling: 0,
      meanAgentSeconds: 2,
      lastReceiveOkAt: undefined,
    }),
    clock,
    logger: createLogger({ level: "info", output }),
    output,
    random: () => 0.5,
    ...(sink && {
      publishing: {
        settings: {
          metricsNamespace: "Queuehand",
          metricsIntervalSeconds: 10,
          targetDelaySeconds: 30,
          drainBacklogSeconds: 300,
        },
        sink,
        queue: { counts: async () => ({ visible: 20, inFlight: 5, delayed: 0 }) },
        slotDemand,
      },
    }),
  });
  const handle = () => {
    observatory.telemetry({ kind: "started", delivery, inQueueMs: 32, bufferedMs: 0 });
    observatory.telemetry({ kind: "ended", delivery, outcome: "retry", agentMs: 8 });
    observatory.telemetry({ kind: "settled", delivery, outcome: "retry", agentMs: 8, certain: true, cause: "busy" });
  };
  const lines = () => {
    output.flush();
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };
  return { observatory, clock, handle, lines };
}

describe("Observatory", () => {
  test("counts, logs and serves each fact, and publishes nothing where nobody wants it", async () => {
    const { observatory, clock, handle, lines } = setup();
    observatory.start();
    handle();
    await clock.advance(60_000);
    expect(observatory.counters.snapshot().settled.retry).toBe(1);
    expect(lines().map(({ msg }) => msg)).toEqual(["message settled", "summary"]);
    expect(await observatory.metricsPage.text()).toContain(
      'queuehand_messages_settled_total{outcome="retry",queue="tasks"} 1',
    );
    await observatory.stop();
    expect(clock.timers).toBe(0);
  });

  test("publishes while it runs, and what is left at the stop", async () => {
    const publications: Publication[] = [];
    const { observatory, clock, handle } = setup({
      publish: async (publication) => void publications.push(publication),
    });
    observatory.start();
    handle();
    await clock.advance(14_000);
    handle();
    await observatory.stop();
    const settled = publications.map(({ metrics }) => metrics.find(({ outcome }) => outcome === "retry")?.values[0]);
    expect(settled).toEqual([1, 1]);
    const demand = publications[0]!.metrics.find(({ name }) => name === "SlotDemand");
    expect(demand?.values[0]).toBeCloseTo(50);
    expect(clock.timers).toBe(0);
  });

  test("stops in two seconds though the exporter hangs, and logs its warning", async () => {
    const { observatory, clock, handle, lines } = setup({ publish: () => new Promise(() => {}) });
    observatory.start();
    await clock.advance(30_000);
    handle();
    const stopping = observatory.stop();
    await clock.advance(2_000);
    await stopping;
    expect(lines()).toContainEqual(expect.objectContaining({ level: "warn", msg: "metrics can't be published" }));
  });
});
