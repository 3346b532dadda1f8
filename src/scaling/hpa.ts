import type { Metrics } from "./metric-series.js";
import type { HpaPolicy } from "./policy.js";
import type { PolicyRun, Proposal } from "./policy-run.js";

/** Kubernetes' default behaviour: at most doubles, or adds four, in a sync. */
const GROWTH_FACTOR = 2;
const GROWTH_LEAST = 4;

/** Kubernetes leaves a ratio within a tenth of 1 alone. */
const TOLERANCE = 0.1;

/**
 * KEDA over Kubernetes' horizontal autoscaler, so that a table can say how ECS policies compare with it.
 *
 * 1. The autoscaler asks at each of its syncs, and KEDA asks SQS then; it keeps one task at least.
 * 2. Between none and one KEDA decides itself, at its own polls: one as soon as there is a message, none after a cooldown.
 */
export class Hpa implements PolicyRun {
  readonly name: string;
  readonly alarms = [];
  readonly readyToScaleIn = undefined;
  private nextPoll = 0;
  private nextSync = 0;
  /** When a poll last found a message. */
  private activeAt = 0;
  private readonly proposals: { readonly at: number; readonly tasks: number }[] = [];

  constructor(
    private readonly policy: HpaPolicy,
    private readonly metrics: Metrics,
  ) {
    this.name = policy.name;
  }

  tick(now: number, tasks: number): Proposal | undefined {
    const [polled, synced] = [this.poll(now, tasks), this.sync(now, tasks)];
    const desiredTasks = polled ?? synced;
    return desiredTasks === undefined || desiredTasks === tasks
      ? undefined
      : { desiredTasks, reason: `${this.messagesAt(now)} messages`, accepted: () => undefined };
  }

  /** What KEDA itself orders. */
  private poll(now: number, tasks: number): number | undefined {
    const { pollSeconds, cooldownSeconds } = this.policy;
    if (now < this.nextPoll) return undefined;
    this.nextPoll = now + pollSeconds;
    if (this.messagesAt(now)) {
      this.activeAt = now;
      return tasks === 0 ? 1 : undefined;
    }
    return now - this.activeAt >= cooldownSeconds ? 0 : undefined;
  }

  /** What the autoscaler orders. */
  private sync(now: number, tasks: number): number | undefined {
    const { syncSeconds, messagesPerTask, stabilizationSeconds } = this.policy;
    if (now < this.nextSync) return undefined;
    this.nextSync = now + syncSeconds;
    const messages = this.messagesAt(now);
    if (tasks === 0 || messages === undefined) return undefined;
    // What it finds counts as its first proposal.
    if (this.proposals.length === 0) this.proposals.push({ at: now, tasks });
    const steady = Math.abs(messages / (messagesPerTask * tasks) - 1) <= TOLERANCE;
    const wanted = steady ? tasks : Math.max(1, Math.ceil(messages / messagesPerTask));
    this.proposals.push({ at: now, tasks: wanted });
    while (this.proposals[0]!.at < now - stabilizationSeconds) this.proposals.shift();
    if (wanted > tasks) return Math.min(wanted, Math.max(tasks * GROWTH_FACTOR, tasks + GROWTH_LEAST));
    return Math.min(tasks, Math.max(...this.proposals.map((proposal) => proposal.tasks)));
  }

  /** Visible and in flight, as SQS tells in this second. */
  private messagesAt(now: number): number | undefined {
    return this.metrics.over("QueueMessages", now - 1, now + 1, "Maximum");
  }
}
