import type { AgentRole, RoleCredentials } from "../pipeline/ports/agent-role.js";
import type { Run } from "../pipeline/ports/handler.js";
import type { ReceivedMessage } from "../pipeline/ports/queue.js";
import { RoleSession } from "./role-session.js";

/** Lines of the agent's own, with the message's id in each. A subset of pino's logger. */
export interface AgentLog {
  debug(fields: object, text?: string): void;
  debug(text: string): void;
  info(fields: object, text?: string): void;
  info(text: string): void;
  warn(fields: object, text?: string): void;
  warn(text: string): void;
  error(fields: object, text?: string): void;
  error(text: string): void;
}

/** What an agent may ask of the worker while it runs. */
export interface Context extends Run {
  readonly log: AgentLog;
  /**
   * With AGENT_ROLE_ARN: credentials of the agent's own role for this run, as the SDK's clients take them
   * (`new S3Client({ credentials: context.credentials })`). Made with the first call; rejects when that fails.
   */
  readonly credentials?: (() => Promise<RoleCredentials>) | undefined;
}

/** Makes the log of one message; only for agents that use it, since it costs more than a short agent. */
export type AgentLogFor = (message: ReceivedMessage) => AgentLog;

/** What runs in a process share. */
export interface ContextParts {
  readonly logFor: AgentLogFor;
  /** Where agents have a role of their own. */
  readonly role?: AgentRole | undefined;
}

/** A run as its agent sees it. Its methods need no `this`, so that an agent may take them apart. */
export function contextOf(run: Run, message: ReceivedMessage, parts: ContextParts): Context {
  return new RunContext(run, message, parts);
}

class RunContext implements Context {
  readonly #run: Run;
  readonly #message: ReceivedMessage;
  readonly #parts: ContextParts;
  #log: AgentLog | undefined;
  #session: RoleSession | undefined;

  constructor(run: Run, message: ReceivedMessage, parts: ContextParts) {
    this.#run = run;
    this.#message = message;
    this.#parts = parts;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  get deadline(): number {
    return this.#run.deadline;
  }

  get idempotency(): Context["idempotency"] {
    return this.#run.idempotency;
  }

  get log(): AgentLog {
    this.#log ??= this.#parts.logFor(this.#message);
    return this.#log;
  }

  get extend(): Context["extend"] {
    return (seconds) => this.#run.extend(seconds);
  }

  get progress(): Context["progress"] {
    return (note) => this.#run.progress(note);
  }

  get checkpoint(): Context["checkpoint"] {
    return (save) => this.#run.checkpoint(save);
  }

  get take(): Context["take"] {
    return (budget, amount) => this.#run.take(budget, amount);
  }

  get took(): Context["took"] {
    return (totals) => this.#run.took(totals);
  }

  get credentials(): Context["credentials"] {
    const { role } = this.#parts;
    if (!role) return undefined;
    this.#session ??= new RoleSession(role, this.#message.id);
    const session = this.#session;
    return () => session.credentials();
  }
}
