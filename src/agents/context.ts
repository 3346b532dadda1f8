import type { Run } from "../pipeline/handler.js";
import type { ReceivedMessage } from "../pipeline/queue.js";

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
}

/** Makes the log of one message; only for agents that use it, since it costs more than a short agent. */
export type AgentLogFor = (message: ReceivedMessage) => AgentLog;

/** A run as its agent sees it. Its methods need no `this`, so that an agent may take them apart. */
export function contextOf(run: Run, message: ReceivedMessage, logFor: AgentLogFor): Context {
  return new RunContext(run, message, logFor);
}

class RunContext implements Context {
  readonly #run: Run;
  readonly #message: ReceivedMessage;
  readonly #logFor: AgentLogFor;
  #log: AgentLog | undefined;

  constructor(run: Run, message: ReceivedMessage, logFor: AgentLogFor) {
    this.#run = run;
    this.#message = message;
    this.#logFor = logFor;
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
    this.#log ??= this.#logFor(this.#message);
    return this.#log;
  }

  get extend(): Context["extend"] {
    return (seconds) => this.#run.extend(seconds);
  }

  get progress(): Context["progress"] {
    return (note) => this.#run.progress(note);
  }
}
