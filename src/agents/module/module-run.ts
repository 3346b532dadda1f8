import type { AgentRole } from "../../pipeline/ports/agent-role.js";
import type { CheckpointCause, Run } from "../../pipeline/ports/handler.js";
import type { AbortCause, Outcome } from "../../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { printable } from "../../text/printable.js";
import { killGraceMs } from "../process/kill-grace.js";
import { RoleSession } from "../role-session.js";
import type { RunListener } from "./module-channel.js";
import { credentialsToWire, errorToWire, messageToWire, type ToModule } from "./module-wire.js";

export interface ModuleRunOptions {
  /** Which of its process's runs it is. */
  readonly number: number;
  readonly message: ReceivedMessage;
  readonly run: Run;
  /** To the module's process. */
  readonly say: (what: ToModule) => void;
  /** Ends the module's process, when its agent doesn't heed an abort. */
  readonly kill: () => void;
  readonly role: AgentRole | undefined;
}

/** One run in a module's process, as the worker has it: what the agent asks for is done here, and answered. */
export class ModuleRun implements RunListener {
  readonly #options: ModuleRunOptions;
  readonly #session: RoleSession | undefined;
  readonly #end = Promise.withResolvers<Outcome>();
  #saving: PromiseWithResolvers<void> | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(options: ModuleRunOptions) {
    this.#options = options;
    const { role, message } = options;
    this.#session = role && new RoleSession(role, message.id);
  }

  /** Has the agent begin; resolves when `end` was called, which is to happen also when its process ends. */
  async outcome(): Promise<Outcome> {
    const { number, message, run, say } = this.#options;
    const abort = () => this.#abort();
    say({ run: messageToWire(message), of: number, deadline: run.deadline, idempotency: run.idempotency });
    if (run.signal.aborted) abort();
    else run.signal.addEventListener("abort", abort, { once: true });
    const outcome = await this.#end.promise;
    this.#over = true;
    clearTimeout(this.#killTimer);
    run.signal.removeEventListener("abort", abort);
    return outcome;
  }

  end(outcome: Outcome): void {
    this.#end.resolve(outcome);
  }

  extend(seconds: number): void {
    this.#options.say({ deadline: this.#options.run.extend(seconds) });
  }

  progress(note: string): void {
    this.#options.run.progress(printable(note));
  }

  /** The agent wants to be asked to save its state before it is aborted. */
  checkpoint(): void {
    this.#options.run.checkpoint((cause) => this.#save(cause));
  }

  /** The agent has saved its state, or failed to. */
  saved(error: Error | undefined): void {
    if (error) this.#saving?.reject(error);
    else this.#saving?.resolve();
  }

  async answerCredentials(asked: number): Promise<void> {
    if (!this.#session) return;
    const credentials = await this.#session
      .credentials()
      .then(credentialsToWire, (error) => ({ error: errorToWire(error) }));
    if (!this.#over) this.#options.say({ credentials, asked });
  }

  #abort(): void {
    const { run, say, kill } = this.#options;
    const { cause, message: detail } = run.signal.reason as { cause: AbortCause; message: string };
    say({ abort: cause, detail });
    this.#killTimer = setTimeout(kill, killGraceMs(run.signal.reason));
  }

  /** A process that dies meanwhile never answers. */
  #save(cause: CheckpointCause): Promise<void> {
    this.#saving = Promise.withResolvers();
    this.#options.say({ save: cause });
    return this.#saving.promise;
  }
}
