import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { CommandError } from "../failure.js";

/** The lines of a file, `-` being stdin. @throws CommandError when it can't be read. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    throw new CommandError(`--file ${file} can't be read: ${(error as Error).message}`);
  }
}

const NEWLINE = 10;

/** About how many lines a file has; undefined where it can't be read twice. */
export async function lineCount(file: string): Promise<number | undefined> {
  try {
    if (file === "-" || !(await stat(file)).isFile()) return undefined;
    let count = 0;
    let last = NEWLINE;
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) count++;
      last = chunk.at(-1) ?? last;
    }
    return last === NEWLINE ? count : count + 1;
  } catch {
    // Whoever reads it for its lines tells of it.
    return undefined;
  }
}
