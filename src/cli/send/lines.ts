import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { CommandError } from "../failure.js";

const NEWLINE = 10;
const RETURN = 13;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** A longer line has no end that anybody waits for: a file of another kind, or a program that never writes one. */
const ENDLESS_BYTES = 16 * 1024 * 1024;
const NOT_TEXT = "its bytes are no UTF-8";

/** A body, or why there is none to be had. */
export type Text = { readonly text: string } | { readonly fault: string };

/** One line of a file, without its end, and its number: counted from 1, blank ones too, as editors count. */
export type Line = Text & { readonly number: number };

/**
 * The lines of a file, `-` being stdin, without the mark that some editors put before the first. A line ends with a
 * newline alone: JSON may have any other separator of lines in its strings. Of one that is longer than `longest` bytes
 * no more is held, and its end is looked for within 16 MiB.
 * @throws CommandError when it can't be read, or a line has no end.
 */
export async function* linesOf(file: string, longest: number): AsyncGenerator<Line> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  let number = 0;
  let begun: Buffer[] = [];
  let size = 0;
  const take = (piece: Buffer) => {
    size += piece.length;
    // A carriage return before the end is no part of it.
    if (size > longest + 1) begun = [];
    else begun.push(piece);
    if (size <= Math.max(longest, ENDLESS_BYTES)) return;
    throw new CommandError(`--file ${file}: line ${number + 1} has no end within ${size} bytes; ${tooLong(longest)}`);
  };
  const line = (): Line => {
    const whole = Buffer.concat(begun);
    const bytes = whole.at(-1) === RETURN ? whole.subarray(0, -1) : whole;
    const fault = Math.max(bytes.length, size - 1) > longest && `it is longer than ${longest} bytes`;
    const text = fault ? { fault } : textOf(bytes, number === 0);
    begun = [];
    size = 0;
    return { number: ++number, ...text };
  };
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        take(chunk.subarray(from, at));
        yield line();
        from = at + 1;
      }
      if (from < chunk.length) take(chunk.subarray(from));
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`--file ${file} can't be read: ${(error as Error).message}`);
  }
  if (size > 0) yield line();
}

/** All of stdin as one text. @throws CommandError when it is longer than `longest` bytes. */
export async function wholeOf(input: AsyncIterable<Buffer>, longest: number): Promise<Text> {
  const held: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    size += chunk.length;
    if (size > longest) throw new CommandError(`stdin has more than ${longest} bytes; ${tooLong(longest)}`);
    held.push(chunk);
  }
  return textOf(Buffer.concat(held), true);
}

const tooLong = (longest: number) => `a message has ${longest} at most`;

/** The text of bytes. @param first whether they may begin with a byte order mark. */
function textOf(bytes: Buffer, first: boolean): Text {
  const marked = first && bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { text: decoder.decode(marked ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes) };
  } catch {
    return { fault: NOT_TEXT };
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
