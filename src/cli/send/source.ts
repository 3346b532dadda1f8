import { BYTES_MAX } from "../../aws/sqs/dead-letter-copy.js";
import { type Typed, UsageError } from "../command-line.js";
import { CommandError } from "../failure.js";
import { lineCount, linesOf, type Text, wholeOf } from "./lines.js";
import type { MessageMaker } from "./message-maker.js";
import type { Outgoing } from "./send-all.js";

/** With a bucket: what PAYLOAD_MAX_MB has a worker fetch at most. */
const LARGE_BYTES_MAX = 256 * 1024 * 1024;

/** @throws UsageError when nothing is named to be sent, or two things. */
export function checkSource(typed: Typed): void {
  const body = typed.operands[0];
  const file = typed.text("file");
  if (body === undefined && file === undefined) {
    throw new UsageError(
      `nothing to send: give a body, - for stdin, or --file; for example '{"task_id":"42","data":{}}'`,
    );
  }
  if (body !== undefined && file !== undefined) throw new UsageError("give either a body or --file, not both");
}

/** About how many messages there will be, if that can be known. */
export async function expected(typed: Typed, count: number): Promise<number | undefined> {
  const file = typed.text("file");
  const bodies = file === undefined ? 1 : await lineCount(file);
  return bodies === undefined ? undefined : bodies * count;
}

/** The messages that were typed, or stand in the file: those of each round with numbers of their own. */
export async function* messages(typed: Typed, count: number, make: MessageMaker): AsyncGenerator<Outgoing> {
  const file = typed.text("file");
  const longest = typed.text("large-bucket") === undefined ? BYTES_MAX : LARGE_BYTES_MAX;
  const made = (body: Text, n: number) => ("fault" in body ? body : make(body.text, n));
  let n = 0;
  if (file === undefined) {
    const operand = typed.operands[0]!;
    const body = operand === "-" ? await wholeOf(process.stdin, longest) : { text: operand };
    while (n < count) yield { line: ++n, ...made(body, n) };
    return;
  }
  for (let round = 0; round < count; round++) {
    for await (const { number, ...body } of linesOf(file, longest)) {
      if ("text" in body && body.text.trim() === "") continue;
      n++;
      // Sent more than once, a line's number says too little.
      yield { line: count === 1 ? number : n, ...made(body, n) };
    }
  }
  if (n === 0) throw new CommandError(`--file ${file} has no line to send`);
}
