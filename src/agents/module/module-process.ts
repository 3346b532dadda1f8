import type { AgentRole } from "../../pipeline/ports/agent-role.js";
import type { DeclaredUses } from "../../pipeline/ports/budget.js";
import type { Ended, Estimated, OpenedMessage, Run } from "../../pipeline/ports/handler.js";
import type { Identifier } from "../../pipeline/ports/idempotency.js";
import type { Outcome } from "../../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import type { AgentLogs } from "../agent-logs.js";
import { AgentLoadError } from "../load-module.js";
import { AgentOutput } from "../process/agent-output.js";
import type { AgentProcess } from "../process/agent-process.js";
import type { Exit } from "../process/exit.js";
import type { LimitWatch, Watched } from "../process/limit-watch.js";
import type { WorkFolder } from "../process/work-folder.js";
import { EstimateQuestion } from "./estimate-question.js";
import { ModuleChannel, type ModuleListener } from "./module-channel.js";
import { ModuleRun } from "./module-run.js";
import { Loading, type ModuleStartOptions, startHost } from "./module-start.js";
import { deathOf } from "./process-death.js";

/** A process that is done with may take so long to end by itself. */
const RETIRE_MS = 1_000;

export interface ModuleProcessOptions extends ModuleStartOptions {
  readonly limits: LimitWatch;
  readonly logs: AgentLogs;
  /** Ends the start when it aborts. */
  readonly signal: AbortSignal;
}

/** One process with a module agent in it, which works on one message at a time. */
export class ModuleProcess {
  readonly #process: AgentProcess;
  readonly #path: string;
  readonly #loading = new Loading();
  readonly #channel: ModuleChannel;
  readonly #question: EstimateQuestion;
  readonly #output: AgentOutput;
  readonly #logs: AgentLogs;
  #log: () => ReturnType<AgentLogs["of"]>;
  readonly #role: AgentRole | undefined;
  readonly #folder: WorkFolder;
  readonly #limits: LimitWatch;
  readonly #watched: Watched;
  #current: ModuleRun | undefined;
  #alive = true;
  #uses: DeclaredUses | undefined;
  #decodes = false;
  #runs = 0;
  #residentBytes = 0;
  #excess: string | undefined;
  /** Resolves when it has ended and its folder is gone. */
  readonly ended: Promise<void>;

  /** Resolves when the module is loaded. Rejects with a StartError, or an AgentLoadError that says what it lacks. */
  static async start(options: ModuleProcessOptions): Promise<ModuleProcess> {
    const started = await startHost(options);
    const made = new ModuleProcess(started, options);
    const stop = () => started.kill(0);
    if (options.signal.aborted) stop();
    else options.signal.addEventListener("abort", stop, { once: true });
    const unfit = await made.#loading.end;
    options.signal.removeEventListener("abort", stop);
    if (unfit !== undefined) {
      await made.retire();
      throw new AgentLoadError(unfit);
    }
    return made;
  }

  private constructor(started: AgentProcess, { path, folder, limits, logs, role, askedFirst }: ModuleProcessOptions) {
    this.#process = started;
    this.#path = path;
    this.#folder = folder;
    this.#limits = limits;
    this.#role = role;
    this.#logs = logs;
    this.#log = () => logs.own;
    this.#output = new AgentOutput(() => this.#log());
    this.#output.read(started.stdout, "stdout");
    this.#output.read(started.stderr, "stderr");
    started.stdin.end();
    const listener: ModuleListener = {
      onReady: (decodes, uses) => {
        this.#decodes = decodes;
        this.#uses = uses;
        this.#loading.ready();
      },
      onUnfit: (why) => this.#loading.unfit(why),
      runOf: (number) => (number === this.#runs ? this.#current : undefined),
      onResident: (bytes) => {
        this.#residentBytes = bytes;
      },
      onLog: (level, fields, text) => this.#output.entry(level, fields, text),
      onEstimates: (asked, answer) => this.#question.answered(asked, answer),
      onFault: (fault) => this.#output.entry("warn", { fault }, "a line of the agent's process was ignored"),
    };
    this.#channel = new ModuleChannel(started.channel, listener, askedFirst);
    this.#question = new EstimateQuestion(
      (what) => this.#channel.say(what),
      (why) => this.#kill(why),
    );
    this.#watched = { leader: started.pid, folder, fromBegin: true, onOver: (excess) => this.#kill(excess) };
    const unwatch = limits.watch(this.#watched);
    this.ended = started.ended.then((exit) => {
      unwatch();
      return this.#died(exit);
    });
  }

  /** False once it has ended: it can't be given a message then. */
  get alive(): boolean {
    return this.#alive;
  }

  /** What each message takes of budgets before it is here, as its agent says. */
  get uses(): DeclaredUses | undefined {
    return this.#uses;
  }

  /** Messages that it has worked on. */
  get runs(): number {
    return this.#runs;
  }

  /** Its memory after the latest run, as it says itself. */
  get residentBytes(): number {
    return this.#residentBytes;
  }

  /** Whether its agent has a decoder of its own. */
  get decodes(): boolean {
    return this.#decodes;
  }

  /** Never rejects; a process that dies, or has to be killed, costs this message's attempt alone. */
  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    const begun = await this.#begin(message, run);
    return "ended" in begun ? begun.ended : this.#finished(begun.outcome());
  }

  /** As `Handler.estimate`. */
  async estimate(message: ReceivedMessage): Promise<Estimated> {
    if (this.#alive) return this.#question.ask(message);
    return { ended: { kind: "defer", reason: "the agent's process ended before it was asked" } };
  }

  /** The first half of a run, as `Handler.open`. Never rejects; what it returns belongs to this process. */
  async open(message: ReceivedMessage, run: Run, identifier: Identifier): Promise<OpenedMessage | Ended> {
    const begun = await this.#begin(message, run);
    if ("ended" in begun) return begun;
    const identity = await begun.opened(identifier.rule);
    if ("ended" in identity) return { ended: await this.#finished(Promise.resolve(identity.ended)) };
    return {
      identity,
      run: (claimed) => this.#finished(begun.go(claimed)),
      drop: () => this.#finished(begun.drop()),
    };
  }

  async #begin(message: ReceivedMessage, run: Run): Promise<ModuleRun | Ended> {
    this.#runs++;
    if (!(await this.#emptied())) {
      return { ended: { kind: "defer", reason: "the agent's work folder can't be emptied" } };
    }
    // That took a while: what has died by now tells nobody any more.
    if (!this.#alive) {
      return { ended: { kind: "defer", reason: "the agent's process ended before it had the message" } };
    }
    this.#limits.begin(this.#watched);
    this.#output.errorLines.clear();
    let log: ReturnType<AgentLogs["of"]> | undefined;
    this.#log = () => {
      log ??= this.#logs.of(message);
      return log;
    };
    this.#current = new ModuleRun({
      number: this.#runs,
      message,
      run,
      say: (what) => this.#channel.say(what),
      kill: () => this.#process.kill(0),
      role: this.#role,
    });
    return this.#current;
  }

  async #finished<Result>(end: Promise<Result>): Promise<Result> {
    const result = await end;
    this.#current = undefined;
    this.#output.finish();
    if (this.#alive) await this.#emptied();
    return result;
  }

  /** Whether nothing is in its work folder. If that can't be brought about it is killed: its next message would see it. */
  async #emptied(): Promise<boolean> {
    try {
      if (!this.#folder.isEmpty) await this.#folder.empty();
      return true;
    } catch (error) {
      this.#logs.own.warn(
        { error: (error as Error).message },
        "a work folder can't be emptied: its process is replaced",
      );
      this.#alive = false;
      this.#process.kill(0);
      return false;
    }
  }

  /** Lets it end, and kills it if it doesn't. */
  async retire(): Promise<void> {
    this.#channel.end();
    const timer = setTimeout(() => this.#process.kill(0), RETIRE_MS);
    await this.ended;
    clearTimeout(timer);
  }

  /** For a reason that is told with its end. */
  #kill(excess: string): void {
    this.#excess ??= excess;
    this.#process.kill(0);
  }

  async #died(exit: Exit): Promise<void> {
    this.#alive = false;
    const { why, outcome } = deathOf(exit, this.#excess, this.#output.errorLines.telling);
    this.#loading.unfit(`HANDLER "${this.#path}" can't be loaded: its process ${why}`);
    this.#current?.end(outcome);
    this.#question.died(outcome);
    this.#output.finish();
    const { strays } = this.#process;
    if (strays > 0) this.#logs.own.warn({ processes: strays }, "processes that had left the agent's group were killed");
    await this.#folder.remove().catch((error: Error) => {
      this.#logs.own.warn({ error: error.message }, "the work folder can't be removed");
    });
  }
}
