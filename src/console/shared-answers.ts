import type { IncomingMessage, ServerResponse } from "node:http";
import { printableJson } from "../text/printable.js";
import { gzip } from "./gzip.js";

/** Different questions of one second; more than those are answered too, but not kept. */
const KEPT_MAX = 50;
/** What is shorter isn't worth the time. */
const GZIP_FROM = 16 * 1024;

interface Answer {
  readonly text: Promise<string>;
  packed?: Promise<Buffer>;
}

/** Answers that are made once a second, however many ask for them. */
export class SharedAnswers {
  readonly #answers = new Map<string, Answer>();

  /** A new second has begun. */
  forget(): void {
    this.#answers.clear();
  }

  /** Ends `response` with what `make` makes, or has made for the same question in this second. */
  async answer(
    question: string,
    request: IncomingMessage,
    response: ServerResponse,
    make: () => object | Promise<object>,
  ) {
    let answer = this.#answers.get(question);
    if (!answer) {
      answer = { text: Promise.resolve(make()).then((made) => `${printableJson(JSON.stringify(made))}\n`) };
      if (this.#answers.size < KEPT_MAX) this.#answers.set(question, answer);
    }
    const text = await answer.text;
    response.setHeader("content-type", "application/json");
    response.setHeader("cache-control", "no-store");
    if (text.length < GZIP_FROM || !/\bgzip\b/.test(String(request.headers["accept-encoding"]))) {
      response.end(text);
      return;
    }
    answer.packed ??= gzip(text, 1);
    const bytes = await answer.packed;
    response.setHeader("content-encoding", "gzip");
    response.end(bytes);
  }
}
