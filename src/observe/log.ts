import { type Logger as PinoLogger, pino, stdTimeFunctions } from "pino";
import { cut, isError, textOf, words } from "../pipeline/ports/thrown.js";
import { alike } from "../text/alike.js";
import { maskedUrls } from "../text/masked.js";
import { printableJson } from "../text/printable.js";
import { errorFields } from "./error-fields.js";
import { LogOutput } from "./log-output.js";
import { prettyLine } from "./pretty-line.js";

export type Logger = PinoLogger;

/** Longest text in one field of a line, in characters; of the message too. */
const TEXT_MAX = 2_000;

/** Names whose values are secrets wherever they stand in a line, at the top or one level down. */
const SECRETS = [
  "password",
  "secret",
  "token",
  "authorization",
  "apiKey",
  "api_key",
  "accessKeyId",
  "secretAccessKey",
  "sessionToken",
  "privateKey",
];

export interface LoggerOptions {
  /** LOG_LEVEL: fatal, error, warn, info, debug, trace or silent. */
  readonly level: string;
  /** In each line of JSON; lines for people are of one queue. */
  readonly queue?: string;
  /** Lines for people instead of JSON. */
  readonly pretty?: boolean;
  /** Where lines go; stdout unless given. */
  readonly output?: LogOutput;
}

/**
 * A pino logger whose lines are one-line JSON with level names and ISO times, cut to a length, with secrets' names
 * redacted as those in URLs are, with no character raw that a terminal obeys, and which neither holds up nor fails who
 * logs. No line of it can be taken for embedded metrics: CloudWatch makes
 * metrics of every line with `_aws` at its top, and a logged message body could bring one.
 */
export function createLogger({ level, queue, pretty = false, output = LogOutput.stdout }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: queue === undefined || pretty ? null : { queue },
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: "[redacted]" },
      serializers: { err: errorFields, error: errorFields },
      formatters: { level: (label) => ({ level: label }), log: bounded },
      hooks: {
        logMethod(args, method) {
          const [first, ...rest] = args as unknown[];
          const texts = rest.map((arg) => (typeof arg === "string" ? cut(arg, TEXT_MAX) : arg)) as string[];
          try {
            // Not left to pino: it reads an error's message as it is.
            if (isError(first))
              method.call(this, { err: first }, texts[0] ?? cut(errorFields(first).message, TEXT_MAX));
            else method.call(this, loggable(first), ...texts);
          } catch (error) {
            // Agents log here as well: a getter or a trap among their fields is no reason for their messages to fail.
            method.call(
              this,
              { fault: words(error) },
              `a line's fields could not be logged: ${textOf(texts[0] ?? "")}`,
            );
          }
        },
      },
    },
    {
      write: (line: string) =>
        output.write(pretty ? prettyLine(maskedUrls(line)) : printableJson(maskedUrls(defused(line)))),
    },
  );
}

/** What pino takes: of a symbol it makes a line that is no JSON, and of each byte of bytes a field. */
function loggable(first: unknown): unknown {
  if (typeof first === "string") return cut(first, TEXT_MAX);
  const takes = first === undefined || (typeof first === "object" && !ArrayBuffer.isView(first));
  return takes ? first : textOf(first);
}

/**
 * Copies the fields only where one of them needs a change: where it is too long, or where there is an error, whoever logs
 * it, that has no kind yet to be grouped by.
 */
function bounded(fields: Record<string, unknown>): Record<string, unknown> {
  const error = fields.err ?? fields.error;
  let changed: Record<string, unknown> | undefined =
    error === undefined || fields.errorKind !== undefined ? undefined : { ...fields, errorKind: alike(words(error)) };
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string" && value.length > TEXT_MAX) {
      changed ??= { ...fields };
      changed[name] = cut(value, TEXT_MAX);
    }
  }
  return changed ?? fields;
}

/** Fields, a child's bindings, nested ones: wherever the name stands, the text of the line shows it. */
function defused(line: string): string {
  return line.includes('"_aws":') ? line.replaceAll('"_aws":', '"_aws (quoted)":') : line;
}
