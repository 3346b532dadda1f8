import { printable } from "../../text/printable.js";

/** What runtimes write around the line that says why: none of these is the reason itself. */
const NOISE: readonly RegExp[] = [
  /^Node\.js v\d+/,
  /^\(Use `/, // (Use `node --trace-uncaught ...` to show where the exception was thrown)
  /^Emitted 'error' event /,
  /^-+ .*stack trace.* -+$/i,
  /^\s*\d+: (?:0x[\da-f]+|.*:\d+:\d+\)?$)/i, // a native frame, or one of V8's beside it
  /^<--- /,
  /^[\s^~]+$/,
  /^[)\]}]+[;,]?$/,
  /^note: run with `RUST_BACKTRACE/,
  /^exit status \d+$/, // go run
];
/** The first line of an error as Node and Java tell it, whose message may go on in the next ones. */
const HEAD = /^(?:Uncaught |Exception in thread .*? )?[\w$.]*(?:Error|Exception)(?: \[\w+\])?(?:: |$)/;
const FRAME = /^\s+at /;
const GOROUTINE = /^goroutine \d+ \[.*\]:$/;

/** Of what a process writes to stderr, the lines that may say why it ended. */
export class ErrorLines {
  #last = "";
  #telling = "";
  #head = "";
  #inGoroutine = false;

  /** The last line that wasn't blank, printable; "" if there was none. */
  get last(): string {
    return printable(this.#last);
  }

  /** The last line that says something: no stack frame, no caret, none of a runtime's own lines; "" if there was none. */
  get telling(): string {
    return printable(this.#telling).replace(/ \{$/, "");
  }

  /** What was written before is about something else. */
  clear(): void {
    this.#last = "";
    this.#telling = "";
    this.#head = "";
    this.#inGoroutine = false;
  }

  add(line: string): void {
    if (line.trim() === "") {
      this.#inGoroutine = false;
      return;
    }
    this.#last = line;
    if (GOROUTINE.test(line)) this.#inGoroutine = true;
    if (this.#inGoroutine || NOISE.some((noise) => noise.test(line))) return;
    if (FRAME.test(line)) {
      // Frames end a message of several lines: its first one has the error's name.
      if (this.#head) this.#telling = this.#head;
      this.#head = "";
      return;
    }
    if (HEAD.test(line)) this.#head = line;
    // Of an error's fields, a source line, a frame of another kind: details of what stands above.
    if (/^\s/.test(line) && this.#telling) return;
    this.#telling = line;
  }
}
