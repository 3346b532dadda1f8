import { malformed } from "./malformed.js";

/** More than any answer of the services that are called here: SQS's largest has 1 MiB, and JSON may take six bytes for one. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** Of a chunk's size in hexadecimal digits, with whatever stands behind it. */
const SIZE_LINE_MAX = 1_024;

/** Gathers the body of one answer from the pieces in which it comes. */
export interface AnswerBody {
  /**
   * Takes what belongs to the body from the front of `bytes`, whose memory is used again afterwards, and tells how many
   * bytes that were. Throws a malformed answer's error.
   */
  take(bytes: Buffer): number;
  readonly isComplete: boolean;
  /** Whether the connection's end is the body's. */
  readonly isOpen: boolean;
  /** What has come so far, as UTF-8. */
  readonly text: string;
}

/** A body that says beforehand how long it is. */
export class SizedBody implements AnswerBody {
  readonly isOpen = false;
  readonly #size: number;
  /** Made when the body comes in more than one piece. */
  #bytes: Buffer | undefined;
  #filled = 0;
  #whole: string | undefined;

  constructor(size: number) {
    if (size > BODY_BYTES_MAX) throw malformed(`a body of ${size} bytes`);
    this.#size = size;
  }

  take(bytes: Buffer): number {
    const count = Math.min(bytes.length, this.#size - this.#filled);
    if (count === this.#size) {
      this.#whole = bytes.toString("utf8", 0, count);
    } else {
      this.#bytes ??= Buffer.allocUnsafeSlow(this.#size);
      bytes.copy(this.#bytes, this.#filled, 0, count);
    }
    this.#filled += count;
    return count;
  }

  get isComplete(): boolean {
    return this.#filled === this.#size;
  }

  get text(): string {
    return this.#whole ?? this.#bytes?.toString("utf8", 0, this.#filled) ?? "";
  }
}

/** A body that ends where the connection does. */
export class OpenBody implements AnswerBody {
  readonly isComplete = false;
  readonly isOpen = true;
  readonly #pieces: Buffer[] = [];
  #size = 0;

  take(bytes: Buffer): number {
    this.#size += bytes.length;
    if (this.#size > BODY_BYTES_MAX) throw malformed(`a body of more than ${BODY_BYTES_MAX} bytes`);
    this.#pieces.push(Buffer.from(bytes));
    return bytes.length;
  }

  get text(): string {
    return Buffer.concat(this.#pieces, this.#size).toString();
  }
}

type ChunkPart = "size" | "data" | "end of data" | "trailer" | "complete";

/** A body in chunks, each behind its size; what stands behind a size, and trailers, are passed over. */
export class ChunkedBody implements AnswerBody {
  readonly isOpen = false;
  readonly #data = new OpenBody();
  #part: ChunkPart = "size";
  /** What has come of a line that isn't whole. */
  #line = "";
  /** Bytes of the chunk that are to come. */
  #left = 0;

  take(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length && this.#part !== "complete") {
      at += this.#part === "data" ? this.#takeData(bytes.subarray(at)) : this.#takeLine(bytes.subarray(at));
    }
    return at;
  }

  get isComplete(): boolean {
    return this.#part === "complete";
  }

  get text(): string {
    return this.#data.text;
  }

  #takeData(bytes: Buffer): number {
    const count = this.#data.take(bytes.subarray(0, this.#left));
    this.#left -= count;
    if (this.#left === 0) this.#part = "end of data";
    return count;
  }

  #takeLine(bytes: Buffer): number {
    const end = bytes.indexOf("\n");
    const count = end < 0 ? bytes.length : end + 1;
    this.#line += bytes.toString("latin1", 0, count);
    if (this.#line.length > SIZE_LINE_MAX) throw malformed("a chunk's size that doesn't end");
    if (end < 0) return count;
    const line = this.#line.replace(/\r?\n$/, "");
    this.#line = "";
    this.#next(line);
    return count;
  }

  #next(line: string): void {
    if (this.#part === "trailer") {
      if (line === "") this.#part = "complete";
    } else if (this.#part === "end of data") {
      if (line !== "") throw malformed("a chunk that is longer than its size");
      this.#part = "size";
    } else {
      const [, size] = line.match(/^([0-9a-f]{1,8})[ \t]*(;|$)/i) ?? [];
      if (size === undefined) throw malformed("a chunk without a size");
      this.#left = Number.parseInt(size, 16);
      this.#part = this.#left === 0 ? "trailer" : "data";
    }
  }
}
