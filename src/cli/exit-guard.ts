import { maskedValue } from "../text/masked.js";
import { ExitCode } from "./exit-code.js";
import { CommandError, reportFailure } from "./failure.js";

/** What a second SIGINT or SIGTERM ends the process with: whoever sent it knows. */
const SIGNALLED: readonly unknown[] = [130, 143];

export interface ExitGuardOptions {
  readonly command: string;
  /** As HANDLER names it. */
  readonly handler: string;
  readonly json: boolean;
}

/**
 * Sees to it that an agent in this process that ends it (`process.exit`) is no clean end: 0 says that everything was
 * drained. Says what happened and changes the exit code: 78 while the agent is loaded, 1 from then on.
 */
export class ExitGuard {
  readonly #options: ExitGuardOptions;
  #loading = true;

  constructor(options: ExitGuardOptions) {
    this.#options = options;
    process.on("exit", this.#onExit);
  }

  /** From now on messages may be in hand. */
  loaded(): void {
    this.#loading = false;
  }

  /** From now on an end is meant. */
  release(): void {
    process.off("exit", this.#onExit);
  }

  readonly #onExit = (code: number) => {
    if (SIGNALLED.includes(code)) return;
    const { command, handler, json } = this.#options;
    const how = howItCame(code, new Error().stack);
    const fault = this.#loading
      ? new CommandError(
          `HANDLER "${maskedValue(handler)}" ended the process while it was loaded: ${how}`,
          ExitCode.config,
        )
      : new CommandError(
          `the process ended before the worker was stopped: ${how}; messages in hand come back when their visibility timeout ends`,
        );
    process.exitCode = reportFailure(command, fault, json);
  };
}

/** Who called `process.exit`, the innermost frame outside of Node; or the exit code alone, where nobody did. */
function howItCame(code: number, stack = ""): string {
  const frames = stack.split("\n").map((line) => line.trim());
  const call = frames.findIndex((frame) => /^at process\.exit \(node:/.test(frame));
  if (call < 0) return `exit code ${code}`;
  const caller = frames.slice(call + 1).find((frame) => !frame.includes("node:"));
  return `process.exit(${code}) was called${caller === undefined ? "" : ` (${caller})`}`;
}
