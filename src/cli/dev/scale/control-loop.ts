import { type AlarmView, Autoscaler } from "../../../scaling/autoscaler.js";
import { Metrics } from "../../../scaling/metric-series.js";
import type { ScalingDefinition } from "../../../scaling/policy.js";
import type { Sample } from "./emf-samples.js";

/** One order that scaling gave. */
export interface Order {
  /** Seconds of the fleet's since the start. */
  readonly second: number;
  readonly fromTasks: number;
  readonly toTasks: number;
  /** The policy that gave it. */
  readonly policy: string;
  /** Why, in words. */
  readonly reason: string;
}

export interface ControlLoopParts {
  readonly policy: ScalingDefinition;
  /** From the end of a period until its alarm is evaluated, seconds. */
  readonly metricDelaySeconds: number;
  /** From the alarm until ECS knows the new desired count, seconds. */
  readonly actionDelaySeconds: number;
  readonly initialTasks: number;
  /** The desired count changes now. */
  readonly carryOut: (tasks: number) => void;
}

/** SQS tells CloudWatch its own counts once a minute. */
const SQS_PERIOD_SECONDS = 60;

/**
 * AWS's part: takes what the workers published, evaluates alarms and policies once a second, and orders tasks. The same
 * code and the same template as `simulate`.
 */
export class ControlLoop {
  readonly orders: Order[] = [];
  readonly #metrics = new Metrics();
  readonly #scaler: Autoscaler;
  readonly #parts: ControlLoopParts;
  #ordered: number;
  #due: { readonly at: number; readonly tasks: number }[] = [];
  #lastDemand: { readonly second: number; readonly value: number } | undefined;

  constructor(parts: ControlLoopParts) {
    this.#parts = parts;
    this.#ordered = parts.initialTasks;
    this.#scaler = new Autoscaler(parts.policy, this.#metrics, parts.metricDelaySeconds);
  }

  /** What was ordered last. */
  get ordered(): number {
    return this.#ordered;
  }

  get alarms(): readonly AlarmView[] {
    return this.#scaler.alarms;
  }

  /** Percent, as it was published last; undefined before the first time. */
  get slotDemand(): number | undefined {
    return this.#lastDemand?.value;
  }

  /** A worker published. @param second of the sample. */
  published({ metric, value }: Omit<Sample, "wallMs">, second: number): void {
    this.#metrics.put(metric, second, value);
    if (metric === "SlotDemand") this.#lastDemand = { second, value };
  }

  /** What SQS itself tells CloudWatch. @param visible messages. */
  seen(second: number, visible: number, inFlight: number): void {
    this.#metrics.put("QueueMessages", second, visible + inFlight);
    if (second % SQS_PERIOD_SECONDS === 0) this.#metrics.put("ApproximateNumberOfMessagesVisible", second, visible);
  }

  /** One second of the loop. @param now a whole number of seconds, each once. */
  tick(now: number): Order | undefined {
    const { actionDelaySeconds, carryOut } = this.#parts;
    const fromTasks = this.#ordered;
    const activity = this.#scaler.tick(now, fromTasks);
    let order: Order | undefined;
    if (activity) {
      const { desiredTasks: toTasks, policy, reason } = activity;
      order = { second: now, fromTasks, toTasks, policy, reason };
      this.orders.push(order);
      this.#ordered = toTasks;
      this.#due.push({ at: now + actionDelaySeconds, tasks: toTasks });
    }
    for (const { tasks } of this.#due.filter(({ at }) => at <= now)) carryOut(tasks);
    this.#due = this.#due.filter(({ at }) => at > now);
    return order;
  }
}
