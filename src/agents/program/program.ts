import type { AgentRole } from "../../pipeline/ports/agent-role.js";
import type { Handler, Run } from "../../pipeline/ports/handler.js";
import type { Outcome } from "../../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { maskedValue } from "../../text/masked.js";
import { printable } from "../../text/printable.js";
import { traceOf } from "../../tracing/sender-trace.js";
import { traceparentOf } from "../../tracing/trace-headers.js";
import type { AgentLogs } from "../agent-logs.js";
import { AgentLoadError } from "../load-module.js";
import { agentEnvironment } from "../process/agent-environment.js";
import { AgentOutput } from "../process/agent-output.js";
import { AgentProcess } from "../process/agent-process.js";
import { commandWords } from "../process/command-words.js";
import { EscapeeWatch } from "../process/escapee-watch.js";
import { findExecutable } from "../process/executable.js";
import { killOnAbort } from "../process/kill-grace.js";
import { Launcher } from "../process/launcher.js";
import { type AgentLimits, LimitWatch } from "../process/limit-watch.js";
import { missingScript } from "../process/script.js";
import { type WorkFolder, WorkFolders } from "../process/work-folder.js";
import { CredentialFile, WRITE_AWS_CONFIG } from "./credential-file.js";
import { messageFile } from "./message-file.js";
import { outcomeOfExit, ProgramFailed } from "./program-exit.js";
import { VerbChannel } from "./verb-channel.js";

export interface ProgramOptions extends AgentLimits {
  /** The command line: words, with quotes; no shell sees it. */
  readonly command: string;
  /** Names of the worker's variables that the program gets besides PATH, HOME, LANG, TZ and RUN_*; `NAME*` for several. */
  readonly passOn?: readonly string[];
  /** Most descriptors of each process; unset: no limit of ours. */
  readonly openFilesMax?: number | undefined;
  readonly logs: AgentLogs;
  /** The program's own, whose credentials it finds on descriptor 4. */
  readonly role?: AgentRole | undefined;
  /** The worker's environment; `process.env` if unset. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Of a line that is ignored, so many characters are told. */
const LINE_MAX = 500;

/**
 * Runs a program for each message: the body on stdin, the rest in the file that QUEUEHAND_MESSAGE_FILE names, and
 * descriptor 3 for what the program wants to say. When a run has ended, every process of it has, and its folder is gone.
 */
export class ProgramHandler implements Handler {
  readonly #options: ProgramOptions;
  readonly #folders = new WorkFolders();
  readonly #environment: Record<string, string>;
  readonly #limits: LimitWatch;
  readonly #launcher: Launcher;
  readonly #escapees: EscapeeWatch;
  #file = "";
  #args: readonly string[] = [];

  constructor(options: ProgramOptions) {
    this.#options = options;
    const { environment = process.env, passOn = [], role, openFilesMax } = options;
    this.#environment = { ...agentEnvironment(environment, passOn), ...(role && regionOf(environment)) };
    this.#limits = new LimitWatch(options);
    this.#launcher = new Launcher({ openFilesMax, step: role && WRITE_AWS_CONFIG });
    this.#escapees = new EscapeeWatch(options.logs.own);
  }

  /** Rejects with an AgentLoadError when the program can't be run here. */
  async check(): Promise<void> {
    let words: string[];
    try {
      words = commandWords(this.#options.command);
    } catch (error) {
      throw this.#unfit((error as Error).message, error);
    }
    const [name, ...args] = words;
    if (!name) throw this.#unfit("names no program");
    try {
      this.#file = await findExecutable(name, this.#environment.PATH ?? "");
    } catch (error) {
      throw this.#unfit(`can't run: the program ${name} ${(error as Error).message}`, error);
    }
    const fault = missingScript(name, args);
    if (fault !== undefined) throw this.#unfit(`can't run: the program ${name} ${fault}`);
    this.#args = args;
    await this.#launcher.check();
  }

  /** Rejects with an AgentLoadError as `check` does, and when there is no place for work folders. */
  async start(): Promise<void> {
    await this.check();
    try {
      await this.#folders.open();
    } catch (error) {
      throw this.#unfit(
        `needs a place for work folders: set TMPDIR to one that can be written (${(error as Error).message})`,
        error,
      );
    }
    this.#escapees.start();
  }

  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    let folder: WorkFolder | undefined;
    let credentials: CredentialFile | undefined;
    let outcome: Outcome;
    try {
      folder = this.#folders.make();
      const file = folder.write("message.json", messageFile(message, run));
      credentials = await this.#credentials(message, folder);
      const agent = await AgentProcess.start({
        ...this.#launcher.wrap(this.#file, this.#args),
        environment: { ...this.#environmentOf(message, folder, file), ...credentials?.environment },
        fourth: credentials?.descriptor,
      });
      credentials?.handedOver();
      outcome = await this.#follow(agent, message, run, folder);
    } catch (error) {
      // No space, no memory, no descriptor, no role, the program is gone: whatever it is, it isn't the message.
      outcome = { kind: "defer", reason: (error as Error).message };
    }
    credentials?.close();
    if (folder) await this.#giveBack(folder, message);
    return outcome;
  }

  async stop(): Promise<void> {
    this.#escapees.stop();
    await this.#folders.close();
    this.#options.role?.close();
  }

  async #giveBack(folder: WorkFolder, message: ReceivedMessage): Promise<void> {
    try {
      await this.#folders.giveBack(folder);
    } catch (error) {
      this.#options.logs.of(message).warn({ error: (error as Error).message }, "the work folder can't be removed");
    }
  }

  async #credentials(message: ReceivedMessage, folder: WorkFolder): Promise<CredentialFile | undefined> {
    const { role, logs } = this.#options;
    if (role === undefined) return undefined;
    const onFault = ({ message: error }: Error) => {
      logs.of(message).warn({ error }, "the agent's credentials can't be renewed; another try follows in a minute");
    };
    try {
      return await CredentialFile.make({ role, messageId: message.id, folder, onFault });
    } catch (error) {
      throw new Error(`no credentials for the agent: ${(error as Error).message}`, { cause: error });
    }
  }

  async #follow(agent: AgentProcess, message: ReceivedMessage, run: Run, folder: WorkFolder): Promise<Outcome> {
    const { logs } = this.#options;
    const output = new AgentOutput(() => logs.of(message));
    output.read(agent.stdout, "stdout");
    output.read(agent.stderr, "stderr");
    const verbs = new VerbChannel(agent.channel, run, (fault, line) =>
      output.entry("warn", { fault, line: printable(line, LINE_MAX) }, "a line on descriptor 3 was ignored"),
    );
    killOnAbort(run.signal, (graceMs) => agent.kill(graceMs));
    let excess: string | undefined;
    const unwatch = this.#limits.watch({
      leader: agent.pid,
      folder,
      onOver: (what) => {
        excess ??= what;
        agent.kill(0);
      },
    });
    agent.stdin.end(message.decoded?.bytes ?? message.body);

    const exit = await agent.ended;
    unwatch();
    output.finish();
    if (agent.strays > 0) {
      logs.of(message).warn({ processes: agent.strays }, "processes that had left the agent's group were killed");
    }
    if (excess !== undefined) {
      return { kind: "retry", error: new ProgramFailed(`the program was killed: ${excess}`), crash: excess };
    }
    const fault = await this.#launcher.startFault(this.#file, exit.code);
    if (fault !== undefined) return { kind: "defer", reason: fault };
    return verbs.outcome ?? outcomeOfExit(exit, output.errorLines);
  }

  #unfit(fact: string, cause?: unknown): AgentLoadError {
    return new AgentLoadError(`HANDLER "${maskedValue(`exec:${this.#options.command}`)}" ${fact}`, { cause });
  }

  #environmentOf(message: ReceivedMessage, folder: WorkFolder, messageFile: string): Record<string, string> {
    const trace = traceOf(message);
    return {
      ...this.#environment,
      ...(trace && { TRACEPARENT: traceparentOf(trace), ...(trace.state && { TRACESTATE: trace.state }) }),
      TMPDIR: folder.path,
      QUEUEHAND_WORK_DIR: folder.path,
      QUEUEHAND_MESSAGE_FILE: messageFile,
    };
  }
}

/** Where an agent with a role is to call AWS: some SDKs look for the one name, some for the other. */
function regionOf({ AWS_REGION, AWS_DEFAULT_REGION }: Readonly<Record<string, string | undefined>>) {
  const region = AWS_REGION ?? AWS_DEFAULT_REGION;
  return region === undefined ? undefined : { AWS_REGION: region, AWS_DEFAULT_REGION: AWS_DEFAULT_REGION ?? region };
}
