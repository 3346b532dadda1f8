import { type Answer, answerOf } from "../wire/answer.js";
import type { Trial } from "../wire/trial.js";
import { readEcsTask } from "./ecs-task.js";
import { type QuotaCode, type ServiceName, type ServiceSize, StackCalls, type WorkerContainer } from "./stack-calls.js";
import { EcsTaskGuard } from "./task-protection.js";
import { tryProtection } from "./task-trials.js";

type Environment = Readonly<Record<string, string | undefined>>;

export interface StackQuestions {
  /** Unset: the one of the own task. */
  readonly service: ServiceName | undefined;
  readonly env: Environment;
  readonly region: string | undefined;
  /** By names of the asker's own. */
  readonly quotas: Readonly<Record<string, QuotaCode>>;
  /** Whether the worker protects its task. */
  readonly protection: boolean;
}

/** Everything that AWS said of the stack around a worker; undefined where it wasn't asked. */
export interface StackReport {
  /** What was asked about, in words. */
  readonly about: string;
  readonly container: Answer<WorkerContainer>;
  readonly size: Answer<ServiceSize> | undefined;
  readonly quotas: Answer<Readonly<Record<string, number>>> | undefined;
  readonly trials: readonly Trial[];
}

/** Asks AWS about the service that a worker runs in. Undefined outside ECS, unless one is named. Never rejects. */
export async function examineStack(questions: StackQuestions): Promise<StackReport | undefined> {
  const { env, region, protection } = questions;
  const own = questions.service ? undefined : await answerOf((signal) => readEcsTask(env, signal));
  if (own && !own.ok) {
    return { about: "the own task", container: own, size: undefined, quotas: undefined, trials: [] };
  }
  const task = own?.value;
  const service =
    questions.service ?? (task?.serviceName ? { cluster: task.cluster, service: task.serviceName } : undefined);
  if (!task && !service) return undefined;
  const calls = await StackCalls.open(region ?? task?.taskArn.split(":")[3]);
  try {
    const running = service ? await answerOf((signal) => calls.service(service, signal)) : undefined;
    const container = task
      ? answerOf(async (signal) => calls.container(task.definition, await ownName(env, signal), signal))
      : then(running!, ({ taskDefinition }, signal) => calls.container(taskDefinition, undefined, signal));
    const guard = task && protection ? EcsTaskGuard.of(env) : undefined;
    const trials = guard && (await answerOf((signal) => tryProtection(guard, signal)));
    return {
      about: service ? `${service.cluster}/${service.service}` : "the own task",
      container: await container,
      size: service && (await then(running!, (found, signal) => calls.size(service, found, signal))),
      quotas: service && (await answerOf((signal) => calls.quotas(questions.quotas, signal))),
      trials: trials?.ok ? trials.value : [],
    };
  } finally {
    calls.close();
  }
}

/** A question that makes sense only after the answer to another. */
async function then<First, Value>(
  first: Answer<First>,
  call: (found: First, signal: AbortSignal) => Promise<Value>,
): Promise<Answer<Value>> {
  return first.ok ? answerOf((signal) => call(first.value, signal)) : first;
}

/** The own container's name in its task definition. */
async function ownName(env: Environment, signal: AbortSignal): Promise<string | undefined> {
  const response = await fetch(env.ECS_CONTAINER_METADATA_URI_V4!, { signal });
  return response.ok ? ((await response.json()) as { Name?: string }).Name : undefined;
}
