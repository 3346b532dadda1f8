import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import type { AgentLog } from "../context.js";
import { errorToWire } from "../module/module-wire.js";

const TEXT_MAX = 2_000;

/** A log whose lines are JSON on stdout, which Lambda takes to CloudWatch; each names its message. */
export function lambdaLog(about: Readonly<Record<string, unknown>>, write = writeLine): AgentLog {
  const at =
    (level: string) =>
    (fields: object | string, text?: string): void => {
      const given = typeof fields === "string" ? {} : fields;
      const msg = String((typeof fields === "string" ? fields : text) ?? "").slice(0, TEXT_MAX);
      const line = JSON.stringify({ level, time: new Date().toISOString(), ...about, ...given, msg }, plain);
      // CloudWatch makes metrics of every line with `_aws` at its top, and fields may come from a message.
      write(line.replaceAll('"_aws":', '"_aws (quoted)":'));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** The log of one message's run. */
export const messageLog = ({ id, receiveCount }: ReceivedMessage): AgentLog =>
  lambdaLog({ messageId: id, receiveCount });

function plain(_name: string, value: unknown): unknown {
  if (value instanceof Error) return errorToWire(value);
  return typeof value === "bigint" ? String(value) : value;
}

function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
