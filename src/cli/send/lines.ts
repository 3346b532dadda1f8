import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { CommandError } from "../failure.js";

const NEWLINE = 10;
const RETURN = 13;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** One line of a file, without its end. */
export interface Line {
  /** Counted from 1, blank ones too, as editors count. */
  readonly number: number;
  /** Undefined where its bytes are no UTF-8. */
  readonly text: string | undefined;
}

/**
 * The lines of a file, `-` being stdin, without the mark that some editors put before the first. A line ends with a
 * newline alone: JSON may have any other separator of lines in its strings.
 * @throws CommandError when it can't be read.
 */
export async function* linesOf(file: string): AsyncGenerator<Line> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  let number = 0;
  let begun: Buffer[] = [];
  const line = (end: Buffer): Line => {
    const bytes = begun.length > 0 ? Buffer.concat([...begun, end]) : end;
    begun = [];
    const text = textOf(bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes, number === 0);
    return { number: ++number, text };
  };
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        yield line(chunk.subarray(from, at));
        from = at + 1;
      }
      if (from < chunk.length) begun.push(chunk.subarray(from));
    }
  } catch (error) {
    throw new CommandError(`--file ${file} can't be read: ${(error as Error).message}`);
  }
  if (begun.length > 0) yield line(Buffer.alloc(0));
}

/** The text of bytes, undefined where they are no UTF-8. @param first whether they may begin with a byte order mark. */
export function textOf(bytes: Buffer, first: boolean): string | undefined {
  const marked = first && bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return decoder.decode(marked ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes);
  } catch {
    return undefined;
  }
}

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
