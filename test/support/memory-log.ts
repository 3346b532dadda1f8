import { Writable } from "node:stream";
import { createLogger, type Logger } from "../../src/observe/log.js";
import { LogOutput } from "../../src/observe/log-output.js";

/** A log as a worker's, whose lines are kept; `keep` false: they are made and go nowhere. */
export function memoryLog(level: string, keep = true): { logger: Logger; lines(): Record<string, unknown>[] } {
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      if (keep) text += chunk;
      done();
    },
  });
  const output = new LogOutput(stream);
  return {
    logger: createLogger({ level, output }),
    lines() {
      output.flush();
      return text
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    },
  };
}
