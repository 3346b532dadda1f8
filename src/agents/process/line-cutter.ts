const NEWLINE = 10;

/**
 * Makes lines of a stream of bytes, each cut to `maxBytes`. Holds no more than that of any line, however long it gets.
 */
export class LineCutter {
  #parts: Buffer[] = [];
  #held = 0;
  #left = 0;

  constructor(
    private readonly maxBytes: number,
    /** Told each line without its line end, and how many bytes of it were left out. */
    private readonly onLine: (line: string, bytesLeft: number) => void,
  ) {}

  write(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#hold(chunk.subarray(start, end));
      this.#end();
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  /** Passes over all lines that end in `chunk` but the last: what a reader does that is out of breath. */
  skip(chunk: Buffer): void {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end >= 0) {
      const start = end === 0 ? 0 : chunk.lastIndexOf(NEWLINE, end - 1) + 1;
      if (start > 0) this.#clear();
      this.#hold(chunk.subarray(start, end));
      this.#end();
    }
    this.#hold(chunk.subarray(end + 1));
  }

  /** Ends the open line, if there is one; for the end of the stream. */
  finish(): void {
    if (this.#held > 0) this.#end();
  }

  #end(): void {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    const left = this.#left;
    this.#clear();
    const line = bytes.toString("utf8");
    this.onLine(line.endsWith("\r") ? line.slice(0, -1) : line, left);
  }

  #hold(bytes: Buffer): void {
    const room = this.maxBytes - this.#held;
    if (room > 0 && bytes.length > 0) {
      // A copy, since a part of a chunk keeps all of it in memory.
      this.#parts.push(Buffer.from(bytes.subarray(0, room)));
      this.#held += Math.min(room, bytes.length);
    }
    this.#left += Math.max(0, bytes.length - Math.max(0, room));
  }

  #clear(): void {
    this.#parts = [];
    this.#held = 0;
    this.#left = 0;
  }
}
