import type { AgentLog, AgentLogFor } from "./context.js";

/** Where agents' lines go: those about a message, and those that belong to none, as while a module is loaded. */
export interface AgentLogs {
  readonly of: AgentLogFor;
  readonly own: AgentLog;
}
