import type { Attributes, Counter, Histogram } from "@opentelemetry/api";
import type { Fact } from "../pipeline/ports/telemetry.js";
import type { Api } from "./open-telemetry.js";
import { nameOf } from "./process-span.js";

/** The conventions' own bounds, in seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const FAILED = new Set(["retry", "reject", "leaseLost"]);

/** The metrics of the semantic conventions for messaging that a consumer has. */
export class MessagingMetrics {
  readonly #consumed: Counter;
  readonly #operation: Histogram;
  readonly #process: Histogram;
  readonly #receiving: Attributes;
  readonly #processing: Attributes;

  constructor(api: Api, queueUrl: string) {
    const meter = api.metrics.getMeter("queuehand");
    const histogram = (name: string, description: string) =>
      meter.createHistogram(name, { unit: "s", description, advice: { explicitBucketBoundaries: BOUNDS } });
    this.#consumed = meter.createCounter("messaging.client.consumed.messages", {
      unit: "{message}",
      description: "Messages received.",
    });
    this.#operation = histogram("messaging.client.operation.duration", "Time of a receive.");
    this.#process = histogram("messaging.process.duration", "From agent started to agent ended.");
    const destination = { "messaging.system": "aws_sqs", "messaging.destination.name": nameOf(queueUrl) };
    this.#receiving = {
      ...destination,
      "messaging.operation.name": "receive",
      "messaging.operation.type": "receive",
    };
    this.#processing = {
      ...destination,
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
    };
  }

  /** The listener; bound, so that it can be handed to `fanOut` as it is. */
  readonly record = (fact: Fact): void => {
    if (fact.kind === "received") {
      if (fact.count > 0) this.#consumed.add(fact.count, this.#receiving);
      this.#operation.record(fact.elapsedMs / 1000, this.#receiving);
    } else if (fact.kind === "ended") {
      const error = FAILED.has(fact.outcome) ? { "error.type": fact.outcome } : undefined;
      this.#process.record(fact.agentMs / 1000, error ? { ...this.#processing, ...error } : this.#processing);
    }
  };
}
