import { describe, expect, test } from "@jest/globals";
import { Counters } from "../../../src/observe/counters.js";
import { PrometheusPage } from "../../../src/observe/prometheus.js";
import type { WorkerStatus } from "../../../src/pipeline/ports/status.js";
import { FakeClock } from "../../support/fake-clock.js";

const delivery = { messageId: "m-1", receiveCount: 1 };

function setup() {
  const counters = new Counters(new FakeClock());
  let status: WorkerStatus = {
    state: "running",
    slots: 10,
    busy: 3,
    buffered: 2,
    openPolls: 1,
    settling: 4,
    meanAgentSeconds: 1,
    lastReceiveOkAt: undefined,
  };
  const page = new PrometheusPage({ counters, status: () => status, queueName: "tasks", lostLines: () => 7 });
  const handle = (outcome: "done" | "retry", agentMs: number) => {
    counters.record({ kind: "started", delivery, inQueueMs: 500, bufferedMs: 0 });
    counters.record({ kind: "ended", delivery, outcome, agentMs });
    counters.record({ kind: "settled", delivery, outcome, agentMs, certain: true });
  };
  /** The values of the page by name and labels. */
  const scrape = async () => {
    const samples = new Map<string, number>();
    for (const line of (await page.text()).split("\n")) {
      const [, name, value] = /^([^#\s{]+(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
      if (name) samples.set(name, Number(value));
    }
    return samples;
  };
  return { page, handle, scrape, be: (change: Partial<WorkerStatus>) => (status = { ...status, ...change }) };
}

describe("the Prometheus page", () => {
  test("has the counters as they are at the scrape, not at the start", async () => {
    const { handle, scrape } = setup();
    handle("done", 10);
    expect((await scrape()).get('queuehand_messages_settled_total{outcome="done",queue="tasks"}')).toBe(1);
    handle("done", 10);
    handle("retry", 10);
    const samples = await scrape();
    expect(samples.get('queuehand_messages_settled_total{outcome="done",queue="tasks"}')).toBe(2);
    expect(samples.get('queuehand_messages_settled_total{outcome="retry",queue="tasks"}')).toBe(1);
    expect(samples.get('queuehand_messages_settled_total{outcome="reject",queue="tasks"}')).toBe(0);
    expect(samples.get('queuehand_log_lines_lost_total{queue="tasks"}')).toBe(7);
  });

  test("has the worker's state", async () => {
    const { scrape, be } = setup();
    const before = await scrape();
    expect(before.get('queuehand_slots_busy{queue="tasks"}')).toBe(3);
    expect(before.get('queuehand_messages_settling{queue="tasks"}')).toBe(4);
    expect(before.get('queuehand_state{state="running",queue="tasks"}')).toBe(1);
    be({ state: "draining", busy: 0 });
    const after = await scrape();
    expect(after.get('queuehand_slots_busy{queue="tasks"}')).toBe(0);
    expect(after.get('queuehand_state{state="draining",queue="tasks"}')).toBe(1);
  });

  test("has distributions in seconds whose buckets only rise and end in the count", async () => {
    const { handle, scrape } = setup();
    for (const agentMs of [0.2, 3, 500, 60_000, 1e12]) handle("done", agentMs);
    const samples = await scrape();
    const buckets = [...samples].filter(([name]) => name.startsWith("queuehand_agent_seconds_bucket"));
    const counts = buckets.map(([, count]) => count);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(samples.get('queuehand_agent_seconds_bucket{le="0.001",queue="tasks"}')).toBe(1);
    expect(samples.get('queuehand_agent_seconds_bucket{le="0.512",queue="tasks"}')).toBe(3);
    expect(samples.get('queuehand_agent_seconds_bucket{le="+Inf",queue="tasks"}')).toBe(5);
    expect(samples.get('queuehand_agent_seconds_count{queue="tasks"}')).toBe(5);
    expect(samples.get('queuehand_time_in_queue_seconds_sum{queue="tasks"}')).toBeCloseTo(2.5, 9);
  });

  test("tells name, help and type of each metric, once", async () => {
    const { page } = setup();
    const lines = (await page.text()).split("\n");
    const types = lines.filter((line) => line.startsWith("# TYPE queuehand_"));
    expect(types).toContain("# TYPE queuehand_messages_settled_total counter");
    expect(types).toContain("# TYPE queuehand_agent_seconds histogram");
    expect(types).toContain("# TYPE queuehand_slots_busy gauge");
    expect(new Set(types).size).toBe(types.length);
    expect(lines.filter((line) => line.startsWith("# HELP queuehand_"))).toHaveLength(types.length);
  });

  test("has the event loop's lag and the process's own metrics", async () => {
    const { scrape } = setup();
    const samples = await scrape();
    expect(samples.get('nodejs_eventloop_lag_p99_seconds{queue="tasks"}')).toBeGreaterThanOrEqual(0);
    expect(samples.get('process_resident_memory_bytes{queue="tasks"}')).toBeGreaterThan(1_000_000);
  });
});
