import type { AnswerHead } from "../json-answer.js";
import { type AnswerBody, ChunkedBody, OpenBody, SizedBody } from "./answer-body.js";
import { malformed } from "./malformed.js";

/** The head of an answer as HTTP/1.1 has it, without the empty line at its end. */
export class HttpHead implements AnswerHead {
  readonly statusCode: number;
  readonly statusMessage: string;
  /** By name in small letters; of a name that comes twice, both with a comma between. */
  readonly headers: Record<string, string> = {};
  readonly #version: string;

  /** @throws a malformed answer's error. */
  constructor(text: string) {
    const lines = text.split("\r\n");
    const [, version, status, message] = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/.exec(lines[0]!) ?? [];
    if (version === undefined) throw malformed("its first line");
    this.#version = version;
    this.statusCode = Number(status);
    this.statusMessage = message ?? "";
    for (let i = 1; i < lines.length; i++) this.#add(lines[i]!);
  }

  /** An answer that another one follows, to the same request. */
  get isInterim(): boolean {
    return this.statusCode < 200;
  }

  /** Whether the server will take another request on this connection. */
  get keepsAlive(): boolean {
    const { connection } = this.headers;
    if (connection === undefined) return this.#version === "1";
    return this.#version === "1" ? !/\bclose\b/i.test(connection) : /\bkeep-alive\b/i.test(connection);
  }

  /** For how long the server says that it keeps an idle connection, in milliseconds; undefined if it doesn't say. */
  get keepsAliveMs(): number | undefined {
    const [, seconds] = /\btimeout=(\d+)/i.exec(this.headers["keep-alive"] ?? "") ?? [];
    return seconds === undefined ? undefined : Number(seconds) * 1000;
  }

  /** What is to gather the body. @throws a malformed answer's error, as where two lengths are told. */
  body(): AnswerBody {
    const { "content-length": length, "transfer-encoding": coding } = this.headers;
    if (coding !== undefined) {
      if (coding.toLowerCase() !== "chunked" || length !== undefined) throw malformed("how long its body is");
      return new ChunkedBody();
    }
    if (this.statusCode === 204 || this.statusCode === 304) return new SizedBody(0);
    if (length === undefined) return new OpenBody();
    if (!/^\d+$/.test(length)) throw malformed("how long its body is");
    return new SizedBody(Number(length));
  }

  #add(line: string): void {
    const colon = line.indexOf(":");
    if (colon <= 0) throw malformed("a line of its head");
    const name = line.slice(0, colon).toLowerCase();
    if (/[\s"(),/;<=>?@[\\\]{}]/.test(name)) throw malformed("a header's name");
    const value = line.slice(colon + 1).trim();
    const earlier = this.headers[name];
    this.headers[name] = earlier === undefined ? value : `${earlier}, ${value}`;
  }
}
