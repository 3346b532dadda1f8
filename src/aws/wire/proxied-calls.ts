import type { Agent, ClientRequest, RequestOptions } from "node:http";
import type { Socket } from "node:net";
import {
  cutError,
  type HttpAnswer,
  type HttpCalls,
  type HttpRequest,
  type HttpTarget,
  timeoutError,
} from "./http-calls.js";
import { agentFor } from "./proxy.js";
import { isClosed, StaleConnection } from "./stale-connection.js";

/** More than any worker opens: a call must never wait behind another for a socket. */
const SOCKETS_MAX = 1_000;

/** Calls by node:http, whose agents know the way through proxies. */
export class ProxiedCalls implements HttpCalls {
  readonly #request: typeof import("node:http").request;
  readonly #options: RequestOptions;
  readonly #connectTimeoutMs: number;
  readonly #protocol: "http:" | "https:";
  #agent: Promise<Agent> | undefined;

  constructor({ host, port, path, secure, connectTimeoutMs }: HttpTarget) {
    this.#protocol = secure ? "https:" : "http:";
    // Not by `import`: that reads every export of node:http, one of which loads all of fetch, 30 ms of a start.
    this.#request = process.getBuiltinModule(secure ? "node:https" : "node:http").request;
    this.#options = { host, port, path, method: "POST" };
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  async post(call: HttpRequest): Promise<HttpAnswer> {
    this.#agent ??= agentFor(this.#protocol, { keepAlive: true, maxSockets: SOCKETS_MAX });
    return this.#exchange(call, await this.#agent);
  }

  close(): void {
    void this.#agent?.then((agent) => agent.destroy());
  }

  #exchange({ headers, body, signal, timeoutMs, onBroken }: HttpRequest, agent: Agent): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const request = this.#request({ ...this.#options, agent, headers });
      const chunks: Buffer[] = [];
      let answered = false;
      const text = () => Buffer.concat(chunks).toString();
      const end = (finish: () => void) => {
        if (answered) return;
        answered = true;
        clearTimeout(timer);
        signal.removeEventListener("abort", aborted);
        finish();
      };
      const fail = (error: unknown) =>
        end(() => {
          if (chunks.length > 0) onBroken?.(text());
          request.destroy();
          reject(error);
        });
      const aborted = () => fail(signal.reason);
      const timer = setTimeout(() => fail(timeoutError(`no answer after ${timeoutMs} ms`)), timeoutMs);
      signal.addEventListener("abort", aborted);
      if (signal.aborted) aborted();

      request.on("error", (error) => {
        const closedBetweenCalls = request.reusedSocket && chunks.length === 0 && isClosed(error);
        fail(closedBetweenCalls ? new StaleConnection(error) : error);
      });
      request.on("socket", (socket) => limitConnecting(request, socket, this.#connectTimeoutMs));
      request.on("response", (head) => {
        head.on("data", (chunk: Buffer) => chunks.push(chunk));
        head.on("error", fail);
        head.on("end", () => {
          if (!head.complete) return fail(cutError("the connection was cut in mid-answer"));
          end(() => resolve({ head, text: text() }));
        });
      });
      request.end(body);
    });
  }
}

function limitConnecting(request: ClientRequest, socket: Socket, timeoutMs: number): void {
  if (!socket.connecting) return;
  const timer = setTimeout(() => request.destroy(timeoutError(`no connection after ${timeoutMs} ms`)), timeoutMs);
  const done = () => clearTimeout(timer);
  socket.once("connect", done).once("close", done);
}
