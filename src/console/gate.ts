import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Route, readOnly, respond } from "./answer.js";
import type { Permissions } from "./api.js";
import { isOwnHost } from "./host-guard.js";

/** Who may change something through the page: whoever sees it, who has this token, or nobody. */
export type Actions = "free" | "no" | { readonly token: string };

/** An edited body of a mebibyte, in which every character may be escaped. */
const GIVEN_MAX = 7 * 1024 * 1024;

/** A fault of the request, told to who made it. */
export class RequestFault extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Lets requests through to the page.
 *
 * 1. All of them have to name a host that can't be made to point here from elsewhere (`host-guard.ts`).
 * 2. Nothing is changed by GET. A POST has to be JSON, which no page of another origin can send unasked, and where it
 *    names an origin, that has to be this one.
 * 3. What changes something needs the token besides, unless it is free; compared in a time that tells nothing.
 */
export class Gate {
  readonly #host: string;
  readonly #actions: Actions;

  constructor(host: string, actions: Actions) {
    this.#host = host;
    this.#actions = actions;
  }

  get act(): Permissions["act"] {
    return typeof this.#actions === "string" ? this.#actions : "token";
  }

  /** A route to read by. */
  reading(answer: (response: ServerResponse, request: IncomingMessage) => void | Promise<void>): Route {
    return readOnly((response, request) => {
      if (!isOwnHost(request.headers.host, this.#host)) return this.#strangeHost(request, response);
      response.setHeader("x-content-type-options", "nosniff");
      response.setHeader("cross-origin-resource-policy", "same-origin");
      return answer(response, request);
    });
  }

  /** A route that does something; what it resolves with is the answer. With `guarded` only for those who may act. */
  doing(guarded: boolean, act: (given: unknown, request: IncomingMessage) => Promise<object>): Route {
    return async (request, response) => {
      if (!isOwnHost(request.headers.host, this.#host)) return this.#strangeHost(request, response);
      response.setHeader("x-content-type-options", "nosniff");
      try {
        this.#check(request, guarded);
        respond(response, 200, await act(await jsonOf(request), request));
      } catch (error) {
        if (!(error instanceof RequestFault)) throw error;
        if (error.status === 405) response.setHeader("allow", "POST");
        respond(response, error.status, { error: error.message });
      }
    };
  }

  /** Whether who asks may act. */
  mayAct(request: IncomingMessage): boolean {
    const actions = this.#actions;
    if (typeof actions === "string") return actions === "free";
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    return given !== undefined && timingSafeEqual(digest(given), digest(actions.token));
  }

  #check(request: IncomingMessage, guarded: boolean): void {
    const { method, headers } = request;
    if (method !== "POST") throw new RequestFault(405, `${method} is not for this path: POST is`);
    const { origin, host } = headers;
    if (origin !== undefined && URL.parse(origin)?.host !== host) {
      throw new RequestFault(403, "only the page itself may do this, and the request came from another origin");
    }
    if (!/^application\/json\b/.test(headers["content-type"] ?? "")) {
      throw new RequestFault(415, "the request's content-type must be application/json");
    }
    if (!guarded || this.mayAct(request)) return;
    if (this.#actions === "no") {
      throw new RequestFault(403, "this page only shows: CONSOLE_ACTIONS and CONSOLE_TOKEN let it act");
    }
    throw new RequestFault(401, "the token is missing or wrong: it is what CONSOLE_TOKEN says");
  }

  #strangeHost(request: IncomingMessage, response: ServerResponse): void {
    const error = `the console answers to an IP address, localhost, or HTTP_HOST, got Host "${request.headers.host}"`;
    respond(response, 421, { error });
  }
}

const digest = (text: string) => createHash("sha256").update(text).digest();

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > GIVEN_MAX) throw new RequestFault(413, `the request's body may have ${GIVEN_MAX} bytes at most`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString() || "{}");
  } catch {
    throw new RequestFault(400, "the request's body is no JSON");
  }
}
