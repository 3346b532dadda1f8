import type { Agent } from "../agents/define-handler.js";
import { AgentLoadError, loadModule } from "../agents/load-module.js";
import { type Config, ConfigError } from "../config.js";

/**
 * The agent that HANDLER names, ready to be given to `createWorker`.
 * @throws ConfigError when it can't be loaded, or isn't one that this version can run.
 */
export async function loadAgent({ handler, isolation }: Config): Promise<Agent> {
  if (handler === undefined) throw new ConfigError(["HANDLER is missing: the agent to run"]);
  if (handler.kind !== "module") {
    const what = handler.kind === "program" ? `exec:${handler.command}` : handler.url;
    throw new ConfigError([`HANDLER must be a module in this version, got "${what}"`]);
  }
  if (isolation !== "none") throw new ConfigError([`ISOLATION must be none in this version, got "${isolation}"`]);
  try {
    return await loadModule(handler.path);
  } catch (error) {
    if (error instanceof AgentLoadError) throw new ConfigError([error.message]);
    throw error;
  }
}
