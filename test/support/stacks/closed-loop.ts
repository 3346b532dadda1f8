import { setTimeout as sleep } from "node:timers/promises";
import { UpdateServiceCommand } from "@aws-sdk/client-ecs";
import { Autoscaler } from "../../../src/scaling/autoscaler.js";
import type { ScalingDefinition } from "../../../src/scaling/policy.js";
import { PublishedMetrics } from "./published-metrics.js";
import type { ServiceBundle } from "./service-bundle.js";

/** One change that the policy made, seconds after the loop's base. */
export interface Change {
  readonly second: number;
  readonly fromTasks: number;
  readonly desiredTasks: number;
  readonly policy: string;
}

/** What was seen at one second. */
export interface Seen {
  readonly second: number;
  readonly desiredTasks: number;
  readonly runningTasks: number;
  readonly visible: number;
}

/**
 * AWS's part of scaling, done by `src/scaling` on a real service: each second it reads what the workers have published,
 * lets the policy decide, and has UpdateService carry it out. Seconds count from `baseMs`, a whole minute of the clock,
 * as the periods of alarms do.
 */
export class ClosedLoop {
  readonly published: PublishedMetrics;
  readonly changes: Change[] = [];
  readonly seen: Seen[] = [];
  readonly #scaler: Autoscaler;
  readonly #ended = new AbortController();
  #desiredTasks: number;
  /** UpdateService returns only when the tasks that it ends are gone; the loop doesn't wait for that. */
  #orders: Promise<unknown> = Promise.resolve();

  /** @param delaySeconds from the end of a period to the evaluation of its alarm. */
  constructor(
    private readonly bundle: ServiceBundle,
    policy: ScalingDefinition,
    readonly baseMs: number,
    { tasks, delaySeconds }: { readonly tasks: number; readonly delaySeconds: number },
  ) {
    this.published = new PublishedMetrics(bundle.ministack.stacks, bundle.queue.QueueName!, baseMs);
    this.#scaler = new Autoscaler(policy, this.published.metrics, delaySeconds, this.#now());
    this.#desiredTasks = tasks;
  }

  /** Resolves after `stop`, when what was ordered has been carried out. */
  async run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      await this.published.read();
      this.#scale(this.#now());
      await this.#look();
      await sleep(1000 - ((Date.now() - this.baseMs) % 1000));
    }
    await this.#orders;
  }

  stop(): void {
    this.#ended.abort();
  }

  #now(): number {
    return Math.floor((Date.now() - this.baseMs) / 1000);
  }

  #scale(second: number): void {
    const activity = this.#scaler.tick(second, this.#desiredTasks);
    if (!activity) return;
    this.changes.push({ ...activity, second, fromTasks: this.#desiredTasks });
    this.#desiredTasks = activity.desiredTasks;
    const { cluster, ministack, serviceName } = this.bundle;
    const order = { cluster: cluster.ClusterName!, service: serviceName, desiredCount: activity.desiredTasks };
    this.#orders = this.#orders.then(() => ministack.ecs.send(new UpdateServiceCommand(order)));
    // `run` reports it; until then it is nobody's unhandled rejection.
    this.#orders.catch(() => this.stop());
  }

  async #look(): Promise<void> {
    const { ministack, queue } = this.bundle;
    const [tasks, { visible }] = await Promise.all([
      ministack.taskContainers(),
      ministack.stacks.counts(queue.QueueUrl!),
    ]);
    const desiredTasks = this.#desiredTasks;
    this.seen.push({ second: this.#now(), desiredTasks, runningTasks: tasks.length, visible });
  }
}
