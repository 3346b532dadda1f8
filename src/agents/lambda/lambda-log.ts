import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { isError, textOf, words } from "../../pipeline/ports/thrown.js";
import { alike } from "../../text/alike.js";
import { messageFields } from "../../tracing/message-lines.js";
import type { AgentLog } from "../context.js";
import { errorToWire } from "../module/wire-values.js";

const TEXT_MAX = 2_000;

/** A log whose lines are JSON on stdout, which Lambda takes to CloudWatch; each names its message. */
export function lambdaLog(about: Readonly<Record<string, unknown>>, write = writeLine): AgentLog {
  const at =
    (level: string) =>
    (fields: object | string, text?: string): void => {
      const msg = textOf((typeof fields === "string" ? fields : text) ?? "").slice(0, TEXT_MAX);
      const head = { level, time: new Date().toISOString(), ...about };
      const line = lineOf(head, typeof fields === "string" ? {} : fields, msg);
      // CloudWatch makes metrics of every line with `_aws` at its top, and fields may come from a message.
      write(line.replaceAll('"_aws":', '"_aws (quoted)":'));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** The log of one message's run. */
export const messageLog = (message: ReceivedMessage): AgentLog => lambdaLog(messageFields(message));

/** A circle, a getter that throws: an agent's fields are no reason for its batch to fail. */
function lineOf(head: object, fields: object, msg: string): string {
  try {
    return JSON.stringify({ ...head, ...fieldsOf(fields), msg }, plain);
  } catch (error) {
    return JSON.stringify({ ...head, fault: words(error), msg: `a line's fields could not be logged: ${msg}` });
  }
}

function fieldsOf(fields: object | null): object | null {
  if (isError(fields)) return fieldsOf({ err: fields });
  const { err } = (fields ?? {}) as { err?: unknown };
  return err === undefined ? fields : { errorKind: alike(words(err)), ...fields, err: errorToWire(err) };
}

function plain(_name: string, value: unknown): unknown {
  if (isError(value)) return errorToWire(value);
  return typeof value === "bigint" ? String(value) : value;
}

function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
