import type { AgentLogs } from "../agents/agent-logs.js";
import type { Agent } from "../agents/define-handler.js";
import { handlerFor } from "../agents/handler-for.js";
import { AgentLoadError } from "../agents/load-module.js";
import { type Config, ConfigError } from "../config/config.js";
import type { Logger } from "../observe/log.js";
import type { AgentRole } from "../pipeline/ports/agent-role.js";
import type { Handler } from "../pipeline/ports/handler.js";
import { messageFields } from "../tracing/message-lines.js";

/**
 * The agent that HANDLER names, ready to be given to `createWorker`.
 * @param logger where the lines of agents go that aren't run in this process.
 * @param role whose credentials such agents get.
 * @throws ConfigError when it can't be loaded. Of an agent in a process of its own more is seen when the worker starts.
 */
export async function loadAgent(config: Config, logger: Logger, role?: AgentRole): Promise<Agent | Handler> {
  const { handler } = config;
  if (handler === undefined) throw new ConfigError(["HANDLER is missing: the agent to run"]);
  try {
    return await handlerFor({ ...config, handler }, logsOf(logger), role);
  } catch (error) {
    if (error instanceof AgentLoadError) throw new ConfigError([error.message]);
    throw error;
  }
}

function logsOf(logger: Logger): AgentLogs {
  // Children both: what agents say is told apart from the worker's own lines by that (`dev`).
  return { own: logger.child({}), of: (message) => logger.child(messageFields(message)) };
}
