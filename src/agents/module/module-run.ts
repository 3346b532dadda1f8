import type { AgentRole } from "../../pipeline/ports/agent-role.js";
import type { Uses } from "../../pipeline/ports/budget.js";
import type { CheckpointCause, Ended, Run } from "../../pipeline/ports/handler.js";
import type { Identity, IdentityRule } from "../../pipeline/ports/idempotency.js";
import type { AbortCause, Outcome } from "../../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { printable } from "../../text/printable.js";
import { killGraceMs } from "../process/kill-grace.js";
import { RoleSession } from "../role-session.js";
import type { RunListener } from "./module-channel.js";
import type { ToModule } from "./module-wire.js";
import { credentialsToWire, errorToWire, messageToWire } from "./wire-values.js";

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
  readonly #identity = Promise.withResolvers<Identity>();
  /** The worker's, and once there is a claim the one under it. */
  #run: Run;
  #saving: PromiseWithResolvers<void> | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(options: ModuleRunOptions) {
    this.#options = options;
    const { role, message, run } = options;
    this.#run = run;
    this.#session = role && new RoleSession(role, message.id);
  }

  /** Has the agent begin; resolves when `end` was called, which is to happen also when its process ends. */
  outcome(): Promise<Outcome> {
    this.#begin();
    return this.#end.promise;
  }

  /**
   * Has the agent's decoder say what the message is; the agent waits for `go` or `drop` then. Resolves with the outcome
   * where it came to its end in there.
   */
  opened(rule: IdentityRule): Promise<Identity | Ended> {
    this.#begin(rule);
    return Promise.race([this.#identity.promise, this.#end.promise.then((ended) => ({ ended }))]);
  }

  /** The agent is to begin, under a claim; resolves as `outcome` does. */
  go(run: Run): Promise<Outcome> {
    this.#unfollow();
    this.#follow(run);
    this.#options.say({ go: this.#options.number, idempotency: run.idempotency });
    return this.#end.promise;
  }

  /** The agent is not to begin; resolves when its process is free. */
  async drop(): Promise<void> {
    this.#options.say({ drop: this.#options.number });
    await this.#end.promise;
  }

  end(outcome: Outcome): void {
    this.#over = true;
    clearTimeout(this.#killTimer);
    this.#unfollow();
    this.#end.resolve(outcome);
  }

  identified(identity: Identity): void {
    this.#identity.resolve(identity);
  }

  #begin(rule?: IdentityRule): void {
    const { number, message, run, say } = this.#options;
    const { deadline, idempotency } = run;
    say({ run: messageToWire(message), of: number, deadline, idempotency, ...(rule && { rule }) });
    this.#follow(run);
  }

  #follow(run: Run): void {
    this.#run = run;
    if (run.signal.aborted) this.#abort();
    else run.signal.addEventListener("abort", this.#abort, { once: true });
  }

  #unfollow(): void {
    this.#run.signal.removeEventListener("abort", this.#abort);
  }

  extend(seconds: number): void {
    this.#options.say({ deadline: this.#run.extend(seconds) });
  }

  progress(note: string): void {
    this.#run.progress(printable(note));
  }

  /** The agent wants to be asked to save its state before it is aborted. */
  checkpoint(): void {
    this.#run.checkpoint((cause) => this.#save(cause));
  }

  /** The agent has saved its state, or failed to. */
  saved(error: Error | undefined): void {
    if (error) this.#saving?.reject(error);
    else this.#saving?.resolve();
  }

  async take(budget: string, amount: number, asked: number): Promise<void> {
    const error = await this.#options.run.take(budget, amount).then(() => undefined, errorToWire);
    if (!this.#over) this.#options.say({ taken: asked, ...(error && { error }) });
  }

  took(totals: Uses): void {
    this.#options.run.took(totals);
  }

  async answerCredentials(asked: number): Promise<void> {
    if (!this.#session) return;
    const credentials = await this.#session
      .credentials()
      .then(credentialsToWire, (error) => ({ error: errorToWire(error) }));
    if (!this.#over) this.#options.say({ credentials, asked });
  }

  readonly #abort = (): void => {
    const { say, kill } = this.#options;
    const { reason } = this.#run.signal;
    const { cause, message: detail } = reason as { cause: AbortCause; message: string };
    say({ abort: cause, detail });
    this.#killTimer ??= setTimeout(kill, killGraceMs(reason));
  };

  /** A process that dies meanwhile never answers. */
  #save(cause: CheckpointCause): Promise<void> {
    this.#saving = Promise.withResolvers();
    this.#options.say({ save: cause });
    return this.#saving.promise;
  }
}
