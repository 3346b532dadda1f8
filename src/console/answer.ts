import type { IncomingMessage, ServerResponse } from "node:http";

import { printableJson } from "../text/printable.js";

/** Answers a request to one path, whatever its method. */
export type Route = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** A route for GET and HEAD alone. */
export function readOnly(answer: (response: ServerResponse, request: IncomingMessage) => void | Promise<void>): Route {
  return (request, response) => {
    if (request.method === "GET" || request.method === "HEAD") return answer(response, request);
    response.setHeader("allow", "GET, HEAD");
    respond(response, 405, { error: `${request.method} is not for this page` });
  };
}

/** Ends `response` with `body` as JSON that nobody keeps. */
export function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(`${printableJson(JSON.stringify(body))}\n`);
}
