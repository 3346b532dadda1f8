import { Writable } from "node:stream";
import type { StatusBlock } from "../../console/status-block.js";
import { createLogger, type Logger } from "../../observe/log.js";
import { LogOutput } from "../../observe/log-output.js";
import { OWN_CODE } from "../../package/own-files.js";

/**
 * A logger for people, whose lines scroll above the status; of an error's frames only those of the agent are kept.
 * @param agentLevel of the lines that belong to a message: what its agent says, by a child of the logger.
 */
export function devLogger(level: string, screen: StatusBlock, agentLevel = level): Logger {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      screen.print(withoutOwnFrames(String(chunk)));
      done();
    },
  });
  const logger = createLogger({ level, pretty: true, output: new LogOutput(stream) });
  const child = logger.child.bind(logger);
  logger.child = (bindings, options) => child(bindings, { level: agentLevel, ...options });
  return logger;
}

function withoutOwnFrames(text: string): string {
  const lines = text.split("\n");
  return lines
    .filter((line) => !(/^ {4}\S*\s*at /.test(line) && (line.includes(OWN_CODE) || isNodes(line))))
    .join("\n");
}

const isNodes = (frame: string) => /\bnode:|\bnode_modules\//.test(frame);
