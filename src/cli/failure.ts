import { ConfigError } from "../config/config.js";
import { described, isError, words } from "../pipeline/ports/thrown.js";
import { masked } from "../text/masked.js";
import { UsageError } from "./command-line.js";
import { ExitCode } from "./exit-code.js";
import { complain, printJson } from "./terminal.js";

/** A failure that the user can do something about: its message says what, so that no stack is shown. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  constructor(
    message: string,
    readonly exitCode: number = ExitCode.failed,
  ) {
    super(message);
  }
}

/**
 * Tells what went wrong: one line a fault on stderr, or with `json` one object on stdout.
 * @param command whose failure it is, or undefined when there was none.
 * @returns the exit code.
 */
export function reportFailure(command: string | undefined, error: unknown, json: boolean): number {
  const { kind, exitCode, faults } = classify(error);
  if (json) {
    printJson({ error: kind, exitCode, faults: faults.map(masked) });
    return exitCode;
  }
  const prefix = command ? `queuehand ${command}` : "queuehand";
  for (const fault of faults) complain(`${prefix}: ${fault}`);
  if (kind === "usage") complain(`Try: ${prefix} --help`);
  if (kind === "settings") complain("See docs/configuration.md; queuehand config prints what holds.");
  return exitCode;
}

interface Classified {
  readonly kind: "usage" | "settings" | "failed" | "unexpected";
  readonly exitCode: number;
  readonly faults: readonly string[];
}

function classify(error: unknown): Classified {
  const { name, frames } = described(error);
  if (!isError(error)) return { kind: "unexpected", exitCode: ExitCode.failed, faults: [words(error)] };
  if (error instanceof UsageError) return { kind: "usage", exitCode: ExitCode.usage, faults: [error.message] };
  if (error instanceof ConfigError) return { kind: "settings", exitCode: ExitCode.config, faults: error.faults };
  // Not instanceof: the command line needs neither an agent's code nor a table's to tell of a failure.
  if (/^(AgentLoadError|TableError)$/.test(name)) {
    const setting = name === "TableError" ? "IDEMPOTENCY_TABLE: " : "";
    return { kind: "settings", exitCode: ExitCode.config, faults: [setting + error.message] };
  }
  if (error instanceof CommandError) {
    return {
      kind: error.exitCode === ExitCode.config ? "settings" : "failed",
      exitCode: error.exitCode,
      faults: [error.message],
    };
  }
  return { kind: "unexpected", exitCode: ExitCode.failed, faults: [[words(error), frames].filter(Boolean).join("\n")] };
}
