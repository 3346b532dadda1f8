import { ConfigError, type EffectiveSetting, effectiveSettings, loadConfig } from "../config/config.js";
import type { Command as Consumer } from "../config/settings.js";
import { maskedValue } from "../text/masked.js";
import { type CommandLine, parseCommandLine, UsageError } from "./command-line.js";
import { loadEnvironment } from "./environment.js";
import { ExitCode } from "./exit-code.js";
import { reportFailure } from "./failure.js";
import { printHelp } from "./help.js";
import { print, printJson } from "./terminal.js";
import { waysToAwsFaults } from "./ways-to-aws.js";

const LINE: CommandLine = {
  name: "config",
  about:
    "Prints every setting with its effective value and where that came from: its default, the environment, .env, or the command line. .env is read for dev, and for run when NODE_ENV=development; the environment wins.",
  options: [
    { name: "for", value: "run|dev", meaning: "the command whose defaults hold (default: run)" },
    { name: "queue-url", value: "QUEUE", meaning: "as if SQS_QUEUE_URL said so" },
    { name: "handler", value: "HANDLER", meaning: "as if HANDLER said so" },
  ],
  examples: ["queuehand config", "queuehand config --for dev --json", "CONCURRENCY=50 queuehand config"],
  exits: [
    ["0", "every setting is fine"],
    ["64", "wrong command line"],
    ["78", "bad settings: all faults are listed"],
  ],
};

/** `queuehand config`. */
export async function config(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  const consumer = consumerOf(typed.text("for") ?? "run");
  const { variables, sourceOf } = await loadEnvironment(consumer === "dev", {
    SQS_QUEUE_URL: typed.text("queue-url"),
    HANDLER: typed.text("handler"),
  });
  const settings = effectiveSettings(variables, consumer, sourceOf).map(withoutSecrets);
  const own = faultsOf(() => loadConfig(variables, consumer));
  // Those of a profile are no part of the settings, which know the environment alone.
  const faults = [...own, ...(await waysToAwsFaults(variables)).filter((fault) => !own.includes(fault))];
  const json = typed.flag("json");
  if (json) {
    const rows = settings.map(({ name, value, source }) => ({ name, value: value ?? null, source }));
    printJson({ command: consumer, settings: rows, faults });
  } else {
    print(table(settings));
    if (faults.length > 0) return reportFailure("config", new ConfigError(faults), false);
  }
  return faults.length > 0 ? ExitCode.config : ExitCode.ok;
}

function consumerOf(text: string): Consumer {
  if (text === "run" || text === "dev") return text;
  throw new UsageError(`--for must be run or dev, got "${text}"`);
}

function faultsOf(load: () => unknown): readonly string[] {
  try {
    load();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

/** Also what is no secret by its name: a URL may carry a password, and a command a token. */
function withoutSecrets(setting: EffectiveSetting): EffectiveSetting {
  return { ...setting, value: setting.value && maskedValue(setting.value) };
}

function table(settings: readonly EffectiveSetting[]): string {
  const rows = settings.map(({ name, value, source }) => [name, value ?? "(unset)", source]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(([name, value, source]) => `${name!.padEnd(widths[0]!)}  ${value!.padEnd(widths[1]!)}  ${source}`)
    .join("\n");
}
