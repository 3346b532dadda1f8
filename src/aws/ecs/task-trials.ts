import { ProtectionError } from "../../pipeline/protect/task-guard.js";
import { PATIENCE } from "../wire/answer.js";
import { isDenial } from "../wire/refusal.js";
import { sdkOptions } from "../wire/sdk-options.js";
import { type Trial, trial } from "../wire/trial.js";
import type { EcsTask } from "./ecs-task.js";
import type { EcsTaskGuard, ProtectionState } from "./task-protection.js";

/** A name for where the task doesn't know its service: not found is an answer too. */
const NO_SERVICE = "queuehand-doctor";
/** One more than ECS protects a task for. */
const PROTECTED_TOO_LONG_MINUTES = 2_881;

/** Asks for the own service, which is how a worker on ECS learns how many tasks there are. Reading it does no harm. */
export async function tryFleet({ cluster, serviceName }: EcsTask, signal: AbortSignal): Promise<Trial> {
  const { DescribeServicesCommand, ECSClient } = await import("@aws-sdk/client-ecs");
  const client = new ECSClient(await sdkOptions({}, PATIENCE));
  const command = new DescribeServicesCommand({ cluster, services: [serviceName ?? NO_SERVICE] });
  try {
    return await trial("ecs:DescribeServices", "the own service", () => client.send(command, { abortSignal: signal }));
  } finally {
    client.destroy();
  }
}

/**
 * Reads the task's protection, and asks for one that is too long to be had. Whoever grants it all the same is asked to
 * take it back; what couldn't be put back as it was isn't tried.
 */
export async function tryProtection(guard: EcsTaskGuard, signal: AbortSignal): Promise<Trial[]> {
  const before = await guard.state(signal).catch((error: Error) => protectionFault(error));
  const read = () => (before instanceof Error ? Promise.reject(before) : Promise.resolve());
  const change = async () => {
    try {
      await guard.protect(PROTECTED_TOO_LONG_MINUTES, signal);
    } catch (error) {
      throw protectionFault(error as Error);
    }
    await guard.release(signal);
  };
  const detail = harmOf(before);
  const tried: Trial =
    detail === undefined
      ? await trial(UPDATE, OWN_TASK, change)
      : { action: UPDATE, on: OWN_TASK, verdict: "untried", detail };
  return [await trial("ecs:GetTaskProtection", OWN_TASK, read), tried];
}

const OWN_TASK = "the own task";
const UPDATE = "ecs:UpdateTaskProtection";

/** Why a try might change something for good, on a server that grants what ECS refuses; undefined: it would not. */
function harmOf(before: ProtectionState | Error): string | undefined {
  if (!(before instanceof Error)) return before.enabled ? "the task is protected now, by its worker" : undefined;
  return isDenial(before.name) ? undefined : `what holds can't be read, and so not put back (${before.message})`;
}

/** With the name of what the agent said, by which denials and refusals are told apart. */
function protectionFault(error: Error): Error {
  if (!(error instanceof ProtectionError)) return error;
  const name = /(\w+Exception|TASK_NOT_VALID)/.exec(error.message)?.[1] ?? error.trouble;
  return Object.assign(new Error(error.message), { name });
}
