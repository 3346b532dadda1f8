/** A limit of AWS that a plan can meet. Codes and defaults: known, not looked up; `aws service-quotas` tells the account's own. */
export interface Quota {
  readonly name: string;
  readonly unit: string;
  /** What a new account has. */
  readonly initial: number;
  /** Undefined where no request raises it. */
  readonly code?: { readonly service: string; readonly quota: string };
}

export const QUOTAS = {
  onDemandVcpus: {
    name: "Fargate On-Demand vCPUs",
    unit: "vCPUs",
    initial: 6,
    code: { service: "fargate", quota: "L-3032A538" },
  },
  spotVcpus: {
    name: "Fargate Spot vCPUs",
    unit: "vCPUs",
    initial: 6,
    code: { service: "fargate", quota: "L-36FBB829" },
  },
  tasksPerService: {
    name: "tasks of a service",
    unit: "tasks",
    initial: 5000,
    code: { service: "ecs", quota: "L-9EF96962" },
  },
  lambdaConcurrency: {
    name: "Lambda concurrent executions",
    unit: "executions",
    initial: 1000,
    code: { service: "lambda", quota: "L-B99A9384" },
  },
  launchesPerMinute: { name: "launches of a service in a minute", unit: "launches", initial: 500 },
  inFlight: { name: "messages in flight on a queue", unit: "messages", initial: 120_000 },
} as const satisfies Record<string, Quota>;

/** The command that asks AWS to raise a quota; undefined where none does. */
export function raiseCommand({ code }: Quota, to: number): string | undefined {
  if (!code) return undefined;
  return `aws service-quotas request-service-quota-increase --service-code ${code.service} --quota-code ${code.quota} --desired-value ${Math.ceil(to)}`;
}
