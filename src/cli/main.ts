import { COMMANDS } from "./commands.js";
import { ExitCode } from "./exit-code.js";
import { reportFailure } from "./failure.js";
import { print } from "./terminal.js";

/** Runs one command line; resolves with the exit code and never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    const { overview } = await import("./overview.js");
    // Without a command nothing was done: that isn't a success to a script.
    (name === undefined ? process.stderr : process.stdout).write(overview());
    return name === undefined ? ExitCode.usage : ExitCode.ok;
  }
  if (name === "--version" || name === "-v" || name === "version") {
    const { version } = await import("./version.js");
    print(await version());
    return ExitCode.ok;
  }
  const json = rest.includes("--json");
  if (!Object.hasOwn(COMMANDS, name)) {
    const { unknownCommand } = await import("./overview.js");
    return reportFailure(undefined, unknownCommand(name), json);
  }
  try {
    const command = await COMMANDS[name]!.load();
    return await command(rest);
  } catch (error) {
    return reportFailure(name, error, json);
  }
}
