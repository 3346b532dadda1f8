import { ProtectionError } from "../../pipeline/protect/task-guard.js";
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
  const client = new ECSClient({ maxAttempts: 2 });
  const command = new DescribeServicesCommand({ cluster, services: [serviceName ?? NO_SERVICE] });
  try {
    return await trial("ecs:DescribeServices", "the own service", () => client.send(command, { abortSignal: signal }));
  } finally {
    client.destroy();
  }
}

/** Reads the task's protection, and asks for one that is too long to be had. */
export async function tryProtection(guard: EcsTaskGuard, signal: AbortSignal): Promise<Trial[]> {
  const on = "the own task";
  const before = await guard.state(signal).catch((error: unknown) => error);
  const read = () => (before instanceof Error ? Promise.reject(protectionFault(before)) : Promise.resolve());
  const change = async () => {
    try {
      await guard.protect(PROTECTED_TOO_LONG_MINUTES, signal);
    } catch (error) {
      throw protectionFault(error as Error);
    }
    // A server that doesn't mind: as it was.
    if (!(before instanceof Error) && !(before as ProtectionState).enabled) await guard.release(signal);
  };
  return [await trial("ecs:GetTaskProtection", on, read), await trial("ecs:UpdateTaskProtection", on, change)];
}

/** With the name of what the agent said, by which denials and refusals are told apart. */
function protectionFault(error: Error): Error {
  if (!(error instanceof ProtectionError)) return error;
  const name = /(\w+Exception|TASK_NOT_VALID)/.exec(error.message)?.[1] ?? error.trouble;
  return Object.assign(new Error(error.message), { name });
}
