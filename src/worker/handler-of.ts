import type { Agent } from "../agents/define-handler.js";
import { InProcessHandler } from "../agents/in-process.js";
import { ConfigError } from "../config/config.js";
import type { Logger } from "../observe/log.js";
import type { AgentRole } from "../pipeline/ports/agent-role.js";
import type { Handler } from "../pipeline/ports/handler.js";
import { messageFields } from "../tracing/message-lines.js";

export interface HandlerSurroundings {
  readonly logger: Logger;
  readonly role: AgentRole | undefined;
  readonly isolation: "none" | "process" | "process-per-message";
}

/**
 * What runs `agent`: a Handler itself, a function or what defineHandler made in this process.
 * @throws TypeError when it is none of these.
 * @throws ConfigError when a function is to be isolated: nobody may believe that it were.
 */
export function handlerOf(agent: Agent | Handler, { logger, role, isolation }: HandlerSurroundings): Handler {
  if (isHandler(agent)) return agent;
  if (isolation !== "none") {
    const fault = `ISOLATION must be none where the agent is given as a function, which runs in this process, got "${isolation}"`;
    throw new ConfigError([`${fault}; queuehand run isolates the module that HANDLER names`]);
  }
  return new InProcessHandler(agent, {
    logFor: (message) => logger.child(messageFields(message)),
    role,
  });
}

function isHandler(agent: Agent | Handler): agent is Handler {
  const given = agent as { run?: unknown; handle?: unknown } | undefined;
  if (typeof given?.run === "function") return true;
  if (typeof given === "function" || typeof given?.handle === "function") return false;
  throw new TypeError("an agent is a function, what defineHandler made, or a Handler with a run method");
}
