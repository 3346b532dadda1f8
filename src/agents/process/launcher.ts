import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { AgentLoadError } from "../load-module.js";
import { findExecutable } from "./executable.js";

const SHELL = "/bin/sh";
/** How a shell ends that could not become the program: found but not executable, not found. */
const NOT_BECOME = [126, 127];

export interface LauncherOptions {
  /** Most descriptors that each process may have open (RLIMIT_NOFILE). */
  readonly openFilesMax?: number | undefined;
  /** A step before the program, as the shell's: it may use `$$`, which is to be the program's process id. */
  readonly step?: string | undefined;
}

/**
 * Starts programs through a shell that does what Node has no call for, and then becomes the program (`exec`), with the
 * same process id. It sees the program's words as positional parameters: none of them is parsed. Where there is nothing
 * to do, there is no shell.
 */
export class Launcher {
  readonly #openFilesMax: number | undefined;
  readonly #script: string | undefined;

  constructor({ openFilesMax, step }: LauncherOptions) {
    this.#openFilesMax = openFilesMax;
    const steps = [
      // Without -H or -S: both, so that the agent can't raise it again.
      ...(openFilesMax === undefined ? [] : [`ulimit -n ${openFilesMax}`]),
      ...(step === undefined ? [] : [step]),
    ];
    // The shell's own variables would be the program's.
    if (steps.length > 0) this.#script = [...steps, "unset PWD OLDPWD", 'exec "$@"'].join(" && ");
  }

  /** Rejects with an AgentLoadError when it can be seen now that the shell can't do its work here. */
  async check(): Promise<void> {
    if (this.#script === undefined) return;
    const most = this.#openFilesMax;
    let hard: string;
    try {
      hard = (await promisify(execFile)(SHELL, ["-c", "ulimit -Hn"])).stdout.trim();
    } catch (error) {
      const setting = most === undefined ? "AGENT_ROLE_ARN" : "AGENT_OPEN_FILES";
      throw new AgentLoadError(`${setting} needs ${SHELL}, which can't be run here (${(error as Error).message})`);
    }
    if (most !== undefined && most > Number(hard)) {
      throw new AgentLoadError(`AGENT_OPEN_FILES must be no more than ${hard}, the hard limit here, got ${most}`);
    }
  }

  /** The file to start, and its arguments, for `file` with `args`. */
  wrap(file: string, args: readonly string[]): { readonly file: string; readonly args: readonly string[] } {
    if (this.#script === undefined) return { file, args };
    // What follows the script is $0: it names the shell in its own messages.
    return { file: SHELL, args: ["-c", this.#script, "queuehand", file, ...args] };
  }

  /** Why `file` was never begun, where an exit code leaves it open; undefined when it was. */
  async startFault(file: string, code: number | null): Promise<string | undefined> {
    if (this.#script === undefined || code === null || !NOT_BECOME.includes(code)) return undefined;
    return findExecutable(file, "").then(
      () => undefined,
      (error: Error) => `${file} can't be started: it ${error.message}`,
    );
  }
}
