import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeServer, listenOnLoopback } from "./loopback.js";

/** How the agent, or ECS behind it, is at the moment. `silent` takes requests and never answers. */
export type AgentMood =
  | "well"
  | "blocked"
  | "throttled"
  | "denied"
  | "noRole"
  | "standalone"
  | "noAnswerFromEcs"
  | "broken"
  | "silent";

/** A PUT as the agent got it. */
export interface ProtectionRequest {
  readonly ProtectionEnabled?: boolean;
  readonly ExpiresInMinutes?: number;
}

const TASK_ARN = "arn:aws:ecs:eu-west-1:123456789012:task/agents/0123456789abcdef";
const CONTAINER_ID = "8c5a2a1e-93c2-4be4-a0b1-4cf43ae6e2b7";
const PATH = `/api/${CONTAINER_ID}/task-protection/v1/state`;
/** The agent's own limit for its endpoints. */
const REQUESTS_A_SECOND = 40;
const MINUTES_DEFAULT = 120;
const MINUTES_MAX = 2_880;

/**
 * The endpoint of ECS's agent for task protection, as documented and as the agent's source has it: a failure that ECS
 * names comes with 200, what ECS throws with ECS's status, no answer from ECS with 504, too many requests with a 429 that
 * is no JSON.
 */
export class FakeEcsAgent {
  mood: AgentMood = "well";
  /** Seconds in a Retry-After header, which real agents don't send. */
  retryAfter: number | undefined;
  /** Every PUT, refused ones too. */
  readonly puts: ProtectionRequest[] = [];
  readonly taskArn = TASK_ARN;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #origin = "";
  #protectedUntil: number | undefined;
  #second = 0;
  #inSecond = 0;

  static async start(): Promise<FakeEcsAgent> {
    const agent = new FakeEcsAgent();
    agent.#origin = await listenOnLoopback(agent.#server);
    return agent;
  }

  /** What ECS_AGENT_URI says in a container. */
  get uri(): string {
    return `${this.#origin}/api/${CONTAINER_ID}`;
  }

  /** What ECS knows: whether the task is protected at this moment. */
  get protected(): boolean {
    return this.#protectedUntil !== undefined && this.#protectedUntil > Date.now();
  }

  close(): Promise<void> {
    return closeServer(this.#server);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += chunk;
    if (this.#limited()) {
      response.writeHead(429, { "content-type": "text/plain; charset=utf-8" });
      return void response.end("You have reached maximum request limit.");
    }
    if (request.url !== PATH) {
      return say(response, 404, error("ResourceNotFoundException", "Failed to find a task for the request", ""));
    }
    if (request.method === "GET") return this.#asEcs(response, () => true);
    const asked = requestOf(text);
    if (!asked) {
      const fault = error("InvalidParameterException", "UpdateTaskProtection: failed to decode request", "");
      return say(response, 400, fault);
    }
    this.puts.push(asked);
    const { ProtectionEnabled, ExpiresInMinutes = MINUTES_DEFAULT } = asked;
    if (ProtectionEnabled === undefined) {
      const text = "Invalid request: does not contain 'ProtectionEnabled' field";
      return say(response, 400, error("InvalidParameterException", text));
    }
    this.#asEcs(response, () => {
      if (ExpiresInMinutes < 1 || ExpiresInMinutes > MINUTES_MAX) return false;
      this.#protectedUntil = ProtectionEnabled ? Date.now() + ExpiresInMinutes * 60_000 : undefined;
      return true;
    });
  }

  /** @param change what was asked for; false where ECS refuses its parameters, after it looked at the permission. */
  #asEcs(response: ServerResponse, change: () => boolean): void {
    if (this.retryAfter !== undefined) response.setHeader("retry-after", String(this.retryAfter));
    const failure = (Reason: string) => ({ failure: { Arn: TASK_ARN, Detail: null, Reason } });
    switch (this.mood) {
      case "well": {
        if (!change()) {
          const text = "expiresInMinutes must be between 1 and 2880";
          return say(response, 400, { requestID: "1", ...error("InvalidParameterException", text) });
        }
        const until = this.#protectedUntil;
        const ExpirationDate = until === undefined ? null : new Date(until).toISOString();
        const protection = { ExpirationDate, ProtectionEnabled: this.protected, TaskArn: TASK_ARN };
        return say(response, 200, { protection });
      }
      case "blocked":
        return say(response, 200, failure("DEPLOYMENT_BLOCKED"));
      case "standalone":
        return say(response, 200, failure("TASK_NOT_VALID"));
      case "throttled":
        return say(response, 400, { requestID: "1", ...error("ThrottlingException", "Rate exceeded") });
      case "denied": {
        const text = "User is not authorized to perform: ecs:UpdateTaskProtection";
        return say(response, 400, { requestID: "1", ...error("AccessDeniedException", text) });
      }
      case "noRole": {
        const text = "Invalid Request: no task IAM role credentials available for task";
        return say(response, 403, error("AccessDeniedException", text));
      }
      case "noAnswerFromEcs":
        return say(response, 504, error("RequestCanceled", "Timed out calling ECS Task Protection API"));
      case "broken":
        return void response.socket?.destroy();
      case "silent":
        return;
    }
  }

  #limited(): boolean {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second) this.#inSecond = 0;
    this.#second = second;
    return ++this.#inSecond > REQUESTS_A_SECOND;
  }
}

/** As the agent reads it: JSON, with no field that it doesn't know. */
function requestOf(text: string): ProtectionRequest | undefined {
  try {
    const asked = JSON.parse(text) as Record<string, unknown>;
    const known = ["ProtectionEnabled", "ExpiresInMinutes"];
    return Object.keys(asked).every((name) => known.includes(name)) ? asked : undefined;
  } catch {
    return undefined;
  }
}

function error(Code: string, Message: string, Arn = TASK_ARN) {
  return { error: { ...(Arn && { Arn }), Code, Message } };
}

function say(response: ServerResponse, status: number, json: object): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "x-rate-limit-limit": String(REQUESTS_A_SECOND),
    "x-rate-limit-duration": "1",
  });
  response.end(JSON.stringify(json));
}
