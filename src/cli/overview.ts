import { UsageError } from "./command-line.js";
import { COMMANDS } from "./commands.js";
import { columns } from "./help.js";
import { nearest } from "./nearest.js";

/** The text of `queuehand --help`. */
export function overview(): string {
  return `queuehand runs your agents on the messages of an SQS queue.

Usage: queuehand COMMAND [options]

Commands:
${columns(Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary]))}

  queuehand COMMAND --help      what a command takes, with examples and exit codes
  queuehand --version           the version

Settings are environment variables: see docs/configuration.md, or \`queuehand config\`.
`;
}

/** The fault of a command that doesn't exist. */
export function unknownCommand(name: string): UsageError {
  const guess = nearest(name, Object.keys(COMMANDS));
  const what = name.startsWith("-") ? `unknown option ${name}` : `unknown command "${name}"`;
  return new UsageError(`${what}${guess ? `; did you mean "queuehand ${guess}"?` : ""}`);
}
