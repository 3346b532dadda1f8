import type { HttpAnswer } from "../http-calls.js";
import type { AnswerBody } from "./answer-body.js";
import { HttpHead } from "./answer-head.js";
import { malformed } from "./malformed.js";

const HEAD_BYTES_MAX = 64 * 1024;
const HEAD_END = "\r\n\r\n";

/** An answer that has come whole. */
export interface ReadAnswer extends HttpAnswer {
  readonly head: HttpHead;
}

/** Reads one answer from the pieces in which it comes. */
export class AnswerReader {
  #head: HttpHead | undefined;
  #body: AnswerBody | undefined;
  /** What has come of a head that isn't whole. */
  #unread: Buffer | undefined;

  /** Whether anything of the answer has come. */
  get hasBegun(): boolean {
    return this.#unread !== undefined || this.#head !== undefined;
  }

  /** What has come of the body. */
  get text(): string {
    return this.#body?.text ?? "";
  }

  /**
   * The answer, once it is whole; true if more came than the answer. The bytes' memory may be used again.
   * @throws where it is no HTTP.
   */
  push(bytes: Buffer): { readonly answer: ReadAnswer; readonly more: boolean } | undefined {
    let rest = bytes;
    while (!this.#body) {
      const behind = this.#takeHead(rest);
      if (behind === undefined) return undefined;
      rest = behind;
    }
    const used = this.#body.take(rest);
    if (!this.#body.isComplete) return undefined;
    return { answer: { head: this.#head!, text: this.#body.text }, more: used < rest.length };
  }

  /** The answer of a connection that has ended; undefined where it was cut. */
  end(): ReadAnswer | undefined {
    return this.#body?.isOpen ? { head: this.#head!, text: this.text } : undefined;
  }

  /** What stands behind the head; undefined while that isn't whole. */
  #takeHead(bytes: Buffer): Buffer | undefined {
    const all = this.#unread ? Buffer.concat([this.#unread, bytes]) : bytes;
    const end = all.indexOf(HEAD_END);
    if ((end < 0 ? all.length : end) > HEAD_BYTES_MAX) throw malformed("a head that doesn't end");
    if (end < 0) {
      this.#unread = this.#unread ? all : Buffer.from(bytes);
      return undefined;
    }
    this.#unread = undefined;
    const head = new HttpHead(all.toString("latin1", 0, end));
    if (!head.isInterim) {
      this.#head = head;
      this.#body = head.body();
    } else if (head.statusCode === 101) {
      throw malformed("a change of protocol");
    }
    return all.subarray(end + HEAD_END.length);
  }
}
