import type { Metrics } from "./metric-series.js";
import type { HpaPolicy } from "./policy.js";
import type { PolicyRun, Proposal } from "./policy-run.js";

/** Kubernetes' default behaviour: at most doubles, or adds four, in a sync. */
const GROWTH_FACTOR = 2;
const GROWTH_LEAST = 4;

/** Kubernetes leaves a ratio within a tenth of 1 alone. */
const TOLERANCE = 0.1;

/** KEDA over Kubernetes' horizontal autoscaler, so that a table can say how ECS policies compare with it. */
export class Hpa implements PolicyRun {
  readonly name: string;
  readonly readyToScaleIn = undefined;
  private messages: number | undefined;
  private nextPoll = 0;
  private nextSync = 0;
  private readonly proposals: { readonly at: number; readonly tasks: number }[] = [];

  constructor(
    private readonly policy: HpaPolicy,
    private readonly metrics: Metrics,
  ) {
    this.name = policy.name;
  }

  tick(now: number, tasks: number): Proposal | undefined {
    const { pollSeconds, syncSeconds, messagesPerTask, stabilizationSeconds } = this.policy;
    if (now >= this.nextPoll) {
      this.nextPoll = now + pollSeconds;
      // KEDA asks SQS itself, so that its number is fresh: the newest sample stands for the answer.
      const fresh = this.metrics.over("BacklogMessages", now - 11, now + 1, "Maximum");
      if (fresh !== undefined) this.messages = fresh;
    }
    if (now < this.nextSync || this.messages === undefined) return undefined;
    this.nextSync = now + syncSeconds;
    const wanted = Math.ceil(this.messages / messagesPerTask);
    const steady = tasks > 0 && Math.abs(wanted / tasks - 1) <= TOLERANCE;
    this.proposals.push({ at: now, tasks: steady ? tasks : wanted });
    while (this.proposals[0]!.at < now - stabilizationSeconds) this.proposals.shift();
    const highest = Math.max(...this.proposals.map((proposal) => proposal.tasks));
    const growth = Math.max(tasks * GROWTH_FACTOR, tasks + GROWTH_LEAST);
    const desiredTasks = wanted > tasks && !steady ? Math.min(wanted, growth) : Math.min(tasks, highest);
    return desiredTasks === tasks ? undefined : { desiredTasks, accepted: () => undefined };
  }
}
