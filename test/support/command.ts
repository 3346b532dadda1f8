import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const ENTRY = join(process.cwd(), "dist", "cli.js");
/** A fact that isn't there by then won't come. */
const PATIENCE_MS = 30_000;

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string | Buffer;
}

const running = new Set<RunningCommand>();

/** Ends what a failed test left running. */
export async function killCommands(): Promise<void> {
  for (const left of running) {
    left.kill("SIGKILL");
    await left.exited;
  }
}

/** `queuehand ARGS` in a process of its own, as a user starts it. No setting or credential of this machine reaches it. */
export class RunningCommand {
  stdout = "";
  stderr = "";
  readonly exited: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();

  constructor(args: readonly string[], { env, cwd, stdin = "" }: CommandOptions = {}) {
    if (!existsSync(ENTRY)) throw new Error("dist/cli.js is missing: npm run build");
    const { PATH, HOME, TMPDIR } = process.env;
    this.#child = spawn(process.execPath, [ENTRY, ...args], {
      cwd,
      env: { PATH, HOME, ...(TMPDIR && { TMPDIR }), AWS_EC2_METADATA_DISABLED: "true", ...env },
      stdio: "pipe",
    });
    this.#child.stdin!.end(stdin);
    for (const name of ["stdout", "stderr"] as const) {
      this.#child[name]!.setEncoding("utf8").on("data", (text: string) => {
        this[name] += text;
        for (const listener of this.#listeners) listener();
      });
    }
    running.add(this);
    this.exited = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        running.delete(this);
        resolve(code ?? signal!);
      });
    });
  }

  /** The first match of `pattern` in what was written so far or will be. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const find = () => pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found) end(() => resolve(found));
      };
      const fail = (why: string) => end(() => reject(new Error(`${why} ${pattern}:\n${this.stdout}\n${this.stderr}`)));
      const timer = setTimeout(() => fail("too long without"), PATIENCE_MS);
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        settle();
      };
      this.#listeners.add(look);
      void this.exited.then(() => {
        look();
        fail("ended without");
      });
      look();
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** Runs `queuehand ARGS` to its end. */
export async function command(args: readonly string[], options?: CommandOptions) {
  const started = new RunningCommand(args, options);
  const code = await started.exited;
  return { code, stdout: started.stdout, stderr: started.stderr };
}
