import type { Handler, Run } from "../pipeline/handler.js";
import { done, type Outcome } from "../pipeline/outcome.js";
import type { ReceivedMessage } from "../pipeline/queue.js";
import { agentEnvironment } from "./agent-environment.js";
import { AgentOutput } from "./agent-output.js";
import { AgentProcess, type Exit } from "./agent-process.js";
import { commandWords } from "./command-words.js";
import type { AgentLogFor } from "./context.js";
import { findExecutable } from "./executable.js";
import { killOnAbort } from "./kill-grace.js";
import { AgentLoadError } from "./load-module.js";
import { messageFile } from "./message-file.js";
import { printable } from "./printable.js";
import { traceparentOf } from "./traceparent.js";
import { VerbChannel } from "./verb-channel.js";
import { type WorkFolder, WorkFolders } from "./work-folder.js";

export interface ProgramOptions {
  /** The command line: words, with quotes; no shell sees it. */
  readonly command: string;
  /** Names of the worker's variables that the program gets besides PATH, HOME, LANG, TZ and RUN_*; `NAME*` for several. */
  readonly passOn?: readonly string[];
  /** Most bytes in the work folder of one run; 1 GiB if unset. */
  readonly workBytesMax?: number;
  readonly logFor: AgentLogFor;
  /** The worker's environment; `process.env` if unset. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** sysexits.h */
const EX_DATAERR = 65;
const WORK_BYTES_MAX = 2 ** 30;
const LOOK_AT_WORK_MS = 2_000;
const REASON_MAX = 500;

/** A program ended in a way that means: try again. Without a stack, which would tell of the worker alone. */
class ProgramFailed extends Error {
  override readonly name = "ProgramFailed";
  constructor(message: string) {
    super(message);
    this.stack = `${this.name}: ${message}`;
  }
}

/**
 * Runs a program for each message: the body on stdin, the rest in the file that QUEUEHAND_MESSAGE_FILE names, and
 * descriptor 3 for what the program wants to say. When a run has ended, every process of it has, and its folder is gone.
 */
export class ProgramHandler implements Handler {
  readonly #options: ProgramOptions;
  readonly #folders = new WorkFolders();
  readonly #environment: Record<string, string>;
  #file = "";
  #args: readonly string[] = [];

  constructor(options: ProgramOptions) {
    this.#options = options;
    this.#environment = agentEnvironment(options.environment ?? process.env, options.passOn ?? []);
  }

  /** Rejects with an AgentLoadError when the program can't be run here, or there is no place for work folders. */
  async start(): Promise<void> {
    const { command } = this.#options;
    const fail = (fact: string, cause?: unknown) => new AgentLoadError(`HANDLER "exec:${command}" ${fact}`, { cause });
    let words: string[];
    try {
      words = commandWords(command);
    } catch (error) {
      throw fail((error as Error).message, error);
    }
    const [name, ...args] = words;
    if (!name) throw fail("names no program");
    try {
      this.#file = await findExecutable(name, this.#environment.PATH ?? "");
    } catch (error) {
      throw fail(`can't run: the program ${name} ${(error as Error).message}`, error);
    }
    this.#args = args;
    try {
      await this.#folders.open();
    } catch (error) {
      throw fail(
        `needs a place for work folders: set TMPDIR to one that can be written (${(error as Error).message})`,
        error,
      );
    }
  }

  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    let folder: WorkFolder | undefined;
    let outcome: Outcome;
    try {
      folder = this.#folders.make();
      const file = folder.write("message.json", messageFile(message, run.deadline));
      const agent = await AgentProcess.start({
        file: this.#file,
        args: this.#args,
        environment: this.#environmentOf(message, folder, file),
      });
      outcome = await this.#follow(agent, message, run, folder);
    } catch (error) {
      // No space, no memory, no descriptor, the program is gone: whatever it is, it isn't the message.
      outcome = { kind: "defer", reason: (error as Error).message };
    }
    await folder?.remove().catch((error: Error) => {
      this.#options.logFor(message).warn({ error: error.message }, "the work folder can't be removed");
    });
    return outcome;
  }

  async stop(): Promise<void> {
    await this.#folders.close();
  }

  async #follow(agent: AgentProcess, message: ReceivedMessage, run: Run, folder: WorkFolder): Promise<Outcome> {
    const { logFor, workBytesMax = WORK_BYTES_MAX } = this.#options;
    const output = new AgentOutput(() => logFor(message));
    output.read(agent.stdout, "stdout");
    output.read(agent.stderr, "stderr");
    const verbs = new VerbChannel(agent.channel, run, (fault, line) =>
      output.entry("warn", { fault, line: printable(line, REASON_MAX) }, "a line on descriptor 3 was ignored"),
    );
    killOnAbort(run.signal, (graceMs) => agent.kill(graceMs));
    let overQuota = false;
    const look = setInterval(async () => {
      if (overQuota || (await folder.size()) <= workBytesMax) return;
      overQuota = true;
      agent.kill(0);
    }, LOOK_AT_WORK_MS);
    agent.stdin.end(message.body);

    const exit = await agent.ended;
    clearInterval(look);
    output.finish();
    if (agent.strays > 0) {
      logFor(message).warn({ processes: agent.strays }, "processes that had left the agent's group were killed");
    }
    if (overQuota) {
      return {
        kind: "retry",
        error: new ProgramFailed(`the work folder grew beyond ${Math.round(workBytesMax / 2 ** 20)} MiB`),
      };
    }
    return verbs.outcome ?? outcomeOf(exit, output.lastErrorLine.slice(0, REASON_MAX));
  }

  #environmentOf(message: ReceivedMessage, folder: WorkFolder, messageFile: string): Record<string, string> {
    const traceparent = traceparentOf(message);
    return {
      ...this.#environment,
      ...(traceparent === undefined ? undefined : { TRACEPARENT: traceparent }),
      TMPDIR: folder.path,
      QUEUEHAND_WORK_DIR: folder.path,
      QUEUEHAND_MESSAGE_FILE: messageFile,
    };
  }
}

/** What an exit is worth: 0 done, 65 reject, all others (75 = EX_TEMPFAIL among them) retry. */
function outcomeOf({ code, signal }: Exit, lastErrorLine: string): Outcome {
  if (code === 0) return done;
  if (code === EX_DATAERR) return { kind: "reject", reason: lastErrorLine || "the program ended with exit code 65" };
  const how =
    signal === null
      ? `ended with exit code ${code}`
      : `was killed by ${signal}${signal === "SIGKILL" ? ", perhaps for want of memory" : ""}`;
  return {
    kind: "retry",
    error: new ProgramFailed(`the program ${how}${lastErrorLine ? `: ${lastErrorLine}` : ""}`),
  };
}
