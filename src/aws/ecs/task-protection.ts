import type { ProtectionTrouble } from "../../pipeline/ports/telemetry.js";
import { ProtectionError, type TaskGuard } from "../../pipeline/protect/task-guard.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** What ECS says of a task's protection. */
export interface ProtectionState {
  readonly enabled: boolean;
  readonly expiresAt: Date | undefined;
}

/** The endpoint's answers, one of the three at a time. Each may lack anything. */
interface Told {
  readonly protection?: { readonly ProtectionEnabled?: boolean; readonly ExpirationDate?: string };
  /** ECS understood and declined; comes with status 200. */
  readonly failure?: { readonly Reason?: string; readonly Detail?: string };
  /** ECS, or the agent itself, threw. */
  readonly error?: { readonly Code?: string; readonly Message?: string };
}

const PATH = "/task-protection/v1/state";
/** The agent's own limit on requests, 40 a second, answers with this. */
const TOO_MANY_REQUESTS = 429;
/** No named pause is believed beyond this. */
const RETRY_AFTER_MAX_SECONDS = 900;
const SAID_MAX = 300;

/**
 * A task's protection from scale-in and deployments, by the endpoint that ECS's agent gives to containers. The agent
 * calls ECS with the task role (ecs:UpdateTaskProtection, ecs:GetTaskProtection).
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
 */
export class EcsTaskGuard implements TaskGuard {
  readonly #url: string;

  /** @param agentUri what ECS_AGENT_URI says. */
  constructor(agentUri: string) {
    this.#url = `${agentUri.replace(/\/$/, "")}${PATH}`;
  }

  /** The guard of this task; undefined outside ECS. */
  static of(env: Environment): EcsTaskGuard | undefined {
    return env.ECS_AGENT_URI ? new EcsTaskGuard(env.ECS_AGENT_URI) : undefined;
  }

  async protect(minutes: number, signal: AbortSignal): Promise<void> {
    const { enabled } = await this.#put({ ProtectionEnabled: true, ExpiresInMinutes: minutes }, signal);
    if (!enabled) throw new ProtectionError("unreachable", "ECS answered that the task is not protected");
  }

  async release(signal: AbortSignal): Promise<void> {
    const { enabled } = await this.#put({ ProtectionEnabled: false }, signal);
    if (enabled) throw new ProtectionError("unreachable", "ECS answered that the task is still protected");
  }

  /** What holds at this moment. Rejects with a ProtectionError. */
  async state(signal: AbortSignal): Promise<ProtectionState> {
    return stateOf(await fetch(this.#url, { signal }));
  }

  async #put(asked: object, signal: AbortSignal): Promise<ProtectionState> {
    const headers = { "content-type": "application/json" };
    return stateOf(await fetch(this.#url, { method: "PUT", headers, body: JSON.stringify(asked), signal }));
  }
}

async function stateOf(response: Response): Promise<ProtectionState> {
  const text = await response.text();
  const { protection, failure, error } = parsed(text);
  if (failure) {
    const { Reason = "no reason", Detail } = failure;
    const detail = Detail ? `: ${Detail}` : "";
    throw new ProtectionError(troubleOfFailure(Reason), `ECS declined to protect the task: ${Reason}${detail}`);
  }
  if (protection && response.ok) {
    const { ProtectionEnabled, ExpirationDate } = protection;
    return { enabled: ProtectionEnabled === true, expiresAt: ExpirationDate ? new Date(ExpirationDate) : undefined };
  }
  const said = error ? `${error.Code}: ${error.Message}` : text.slice(0, SAID_MAX);
  throw new ProtectionError(
    troubleOfError(response.status, error?.Code ?? ""),
    `the task protection endpoint answered ${response.status}: ${said}`,
    retryAfterMs(response),
  );
}

function parsed(text: string): Told {
  try {
    return (JSON.parse(text) ?? {}) as Told;
  } catch {
    return {};
  }
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html */
function troubleOfFailure(reason: string): ProtectionTrouble {
  if (/DEPLOYMENT_BLOCKED/i.test(reason)) return "blocked";
  return /TASK_NOT_VALID|MISSING/i.test(reason) ? "impossible" : "unreachable";
}

function troubleOfError(status: number, code: string): ProtectionTrouble {
  if (status === TOO_MANY_REQUESTS || /Throttl|TooManyRequests/i.test(code)) return "throttled";
  if (status === 401 || status === 403 || /AccessDenied|UnrecognizedClient/i.test(code)) return "denied";
  if (/InvalidParameter|UnsupportedFeature/i.test(code)) return "impossible";
  return "unreachable";
}

/** Whole seconds, which is what AWS's services send. */
function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get("retry-after"));
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, RETRY_AFTER_MAX_SECONDS) * 1000 : 0;
}
