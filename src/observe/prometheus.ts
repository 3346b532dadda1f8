import type { Metric as PromMetric, Registry } from "prom-client";
import type { BudgetStatus } from "../pipeline/ports/budget.js";
import { OUTCOME_KINDS } from "../pipeline/ports/outcome.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import { WITHOUT_RUN } from "../pipeline/ports/telemetry.js";
import type { Counters } from "./counters.js";
import type { Histogram } from "./histogram.js";

/** Bounds of the buckets in milliseconds: each doubling from 1 ms to nine hours, where our own buckets end as well. */
const BOUNDS_MS = Array.from({ length: 26 }, (_, index) => 2 ** index);

interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

export interface PrometheusParts {
  readonly counters: Counters;
  readonly status: () => WorkerStatus;
  readonly queueName: string;
  /** Log lines lost so far. */
  readonly lostLines?: () => number;
  /** Spans of traces lost so far. */
  readonly droppedSpans?: (() => number) | undefined;
}

/**
 * The page that Prometheus scrapes: the worker's counts and state, read when asked, and the process's own metrics with
 * the event loop's lag. The library is imported, and the lag measured, from the first scrape on: who isn't scraped pays
 * for neither.
 */
export class PrometheusPage {
  readonly #parts: PrometheusParts;
  #registry: Promise<Registry> | undefined;

  constructor(parts: PrometheusParts) {
    this.#parts = parts;
  }

  async text(): Promise<string> {
    this.#registry ??= this.#makeRegistry();
    return (await this.#registry).metrics();
  }

  async #makeRegistry(): Promise<Registry> {
    const { collectDefaultMetrics, Registry } = await import("prom-client");
    const registry = new Registry();
    registry.setDefaultLabels({ queue: this.#parts.queueName });
    collectDefaultMetrics({ register: registry });
    for (const metric of this.#metrics()) registry.registerMetric(metric);
    return registry;
  }

  *#metrics(): Generator<PromMetric> {
    const { counters, status, lostLines, droppedSpans } = this.#parts;
    const { totals } = counters;
    const counter = (name: string, help: string, read: () => number | Sample[]) =>
      readMetric("counter", `queuehand_${name}_total`, help, read);
    const gauge = (name: string, help: string, read: () => number | Sample[]) =>
      readMetric("gauge", `queuehand_${name}`, help, read);

    yield counter("messages_received", "Messages received.", () => totals.received);
    yield counter("messages_settled", "Deliveries settled, by outcome.", () =>
      OUTCOME_KINDS.map((outcome) => ({ value: totals.settled[outcome], labels: { outcome } })),
    );
    yield counter("messages_uncertain", "Settled deliveries that may come again.", () => totals.uncertain);
    yield counter("messages_released", "Deliveries given back without an outcome.", () => totals.released);
    yield counter("receives_without_run", "Receives that no run followed, by cause.", () =>
      WITHOUT_RUN.map((cause) => ({ value: totals.withoutRun[cause], labels: { cause } })),
    );
    yield counter(
      "retries_here",
      "Failed deliveries that were tried again under their lease.",
      () => totals.retriedHere,
    );
    yield counter("messages_dead_lettered", "Messages copied to the DLQ by us.", () => totals.deadLettered);
    yield counter("receives", "Receives that were answered.", () => totals.receives);
    yield counter("receive_errors", "Receives that failed.", () => totals.receiveErrors);
    yield counter("settle_errors", "Batch entries that failed to settle, each try.", () => totals.settleErrors);
    yield counter("extend_errors", "Lease extensions that failed, each try.", () => totals.extendErrors);
    yield counter("leases_lost", "Leases that ended before their agent did.", () => totals.leasesLost);
    yield counter("aborts_ignored", "Agents that ran on after their abort.", () => totals.abortsIgnored);
    yield counter("crashes", "Agents' processes that died of themselves.", () => totals.crashes);
    yield counter("odd_answers", "Odd answers of the queue.", () => totals.oddAnswers);
    yield counter(
      "transport_changes",
      "Services that refused our own wire and are called by the SDK's client since.",
      () => totals.transportChanges,
    );
    yield counter("repeats", "Deliveries whose idempotency key was known.", () => totals.repeats);
    yield counter("results_discarded", "Runs that lost their idempotency key.", () => totals.resultsDiscarded);
    yield counter("log_lines_lost", "Log lines that were left out.", () => lostLines?.() ?? 0);
    yield counter("spans_dropped", "Spans of traces that the collector didn't get.", () => droppedSpans?.() ?? 0);
    const budgets = (value: (budget: BudgetStatus) => number) =>
      (status().budgets ?? []).map((budget) => ({ value: value(budget), labels: { budget: budget.name } }));
    yield counter("provider_busy", "Times that a provider took no call.", () => totals.busy);
    yield counter("budget_taken", "Taken of each budget.", () => budgets(({ taken }) => taken));
    yield counter("budget_pauses", "Pauses of each budget.", () => budgets(({ pauses }) => pauses));
    yield gauge("budget_per_second", "This task's share of each budget.", () => budgets((each) => each.perSecond ?? 0));
    yield gauge("budget_used_ratio", "Of that share, what was used of late.", () => budgets((each) => each.usedShare));
    yield gauge("budget_free_ratio", "Of that share, what was not used of late.", () =>
      budgets(({ usedShare }) => Math.max(0, 1 - usedShare)),
    );
    yield gauge("budget_paused_seconds", "For how long no call is made.", () => budgets((each) => each.pausedSeconds));
    yield gauge("messages_unbudgeted", "Received messages that wait for budgets.", () => status().unbudgeted ?? 0);
    yield gauge("slots", "Agents that may run at once.", () => status().slots);
    yield gauge("slots_busy", "Slots with an agent in them.", () => status().busy);
    yield gauge("agents_hung", "Agents that run on although they were aborted.", () => counters.hungAgents);
    yield gauge("messages_buffered", "Received messages that wait for a slot.", () => status().buffered);
    yield gauge("messages_settling", "Ended runs whose outcome isn't carried out yet.", () => status().settling);
    yield gauge("dead_letter_copies", "Copies to the DLQ that aren't certain yet.", () => status().copies ?? 0);
    yield gauge("polls_open", "Receives that wait for an answer.", () => status().openPolls);
    yield gauge("state", "1 for the state that the worker is in.", () => [
      { value: 1, labels: { state: status().state } },
    ]);
    yield histogram("time_in_queue_seconds", "From sent to agent started.", counters.inQueueMs);
    yield histogram("budget_wait_seconds", "Waits for budgets alone, before a run.", counters.budgetWaitMs);
    yield histogram("agent_seconds", "From agent started to agent ended.", counters.agentMs);
  }
}

/** A metric that holds nothing and is read when it is asked for. */
function readMetric(type: string, name: string, help: string, read: () => number | Sample[]): PromMetric {
  const get = async () => {
    const samples = read();
    const values = typeof samples === "number" ? [{ value: samples }] : samples;
    return { name, help, type, values: values.map((sample) => ({ labels: {}, ...sample })), aggregator: "sum" };
  };
  // The library's registry asks its metrics by `name` and `get` alone; its own classes would have to be fed.
  return { name, help, get } as unknown as PromMetric;
}

function histogram(shortName: string, help: string, source: Histogram): PromMetric {
  const name = `queuehand_${shortName}`;
  return readMetric("histogram", name, help, () => [
    ...BOUNDS_MS.map((bound) => ({
      metricName: `${name}_bucket`,
      labels: { le: bound / 1000 },
      value: source.countUpTo(bound),
    })),
    { metricName: `${name}_bucket`, labels: { le: "+Inf" }, value: source.count },
    { metricName: `${name}_sum`, value: source.sum / 1000 },
    { metricName: `${name}_count`, value: source.count },
  ]);
}
