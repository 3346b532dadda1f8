import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { untilAborted } from "../../pipeline/ports/deadline.js";
import type { CredentialSource, Credentials } from "./credentials.js";
import { jsonAnswer } from "./json-answer.js";
import { agentFor } from "./proxy.js";
import { Refusal } from "./refusal.js";
import { RequestSigner, type WireService } from "./request-signer.js";
import { StaleConnection } from "./stale-connection.js";

// Not by `import`: that reads every export of node:http, one of which loads all of fetch, 30 ms of a start.
const http = process.getBuiltinModule("node:http");
const https = process.getBuiltinModule("node:https");

/** One call of AWS's JSON protocol: its name, what it takes, what it answers. */
export interface WireCall {
  readonly operation: string;
  readonly input: object;
  readonly signal: AbortSignal;
  /** Longest time for the whole call, in milliseconds, whatever the signal says. */
  readonly timeoutMs: number;
  /**
   * True where a connection that the server closed between two calls is worth a second try at once. Not for receives:
   * the first one may have hidden messages.
   */
  readonly repeatable: boolean;
  /** Given what arrived of an answer that was cut or is no JSON. */
  readonly onBroken?: (text: string) => void;
}

/** Where calls go, and who makes them. */
export interface WireTarget {
  readonly endpoint: URL;
  readonly region: string;
  readonly credentials: CredentialSource;
}

export interface JsonWireOptions extends WireTarget {
  readonly service: WireService;
  /** A connection that isn't made by then goes to a host that doesn't answer. */
  readonly connectTimeoutMs: number;
}

/** More than any worker opens: a call must never wait behind another for a socket. */
const SOCKETS_MAX = 1_000;

/**
 * Speaks AWS's JSON protocol to one service over a socket pool of its own, for the few calls that a worker makes all day.
 * The SDK's clients cost several times the CPU for them (docs/decisions/001). Every call ends by its answer, its signal or
 * its timeout, and rejects with the signal's reason, the socket's error, or a Refusal; nothing is tried twice except as
 * `repeatable` says.
 */
export class JsonWire {
  readonly #target: RequestOptions;
  readonly #request: typeof http.request;
  readonly #secure: boolean;
  #agent: Agent | undefined;
  readonly #signer: RequestSigner;
  readonly #credentials: CredentialSource;
  readonly #connectTimeoutMs: number;
  /** Server's clock minus ours, learnt only from a refusal: milliseconds. */
  #skewMs = 0;

  constructor({ service, endpoint, region, credentials, connectTimeoutMs }: JsonWireOptions) {
    this.#secure = endpoint.protocol === "https:";
    this.#request = this.#secure ? https.request : http.request;
    const to = withSlash(endpoint);
    this.#target = {
      // A URL has an IPv6 address in brackets, a socket wants it without.
      host: to.hostname.replace(/^\[|\]$/g, ""),
      port: to.port || (this.#secure ? 443 : 80),
      path: to.pathname,
      method: "POST",
    };
    this.#signer = new RequestSigner(service, region, to);
    this.#credentials = credentials;
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  /** The answer's JSON, an object. */
  async call(call: WireCall): Promise<Record<string, unknown>> {
    if (call.signal.aborted) throw call.signal.reason;
    const credentials = this.#credentials.now() ?? (await untilAborted(this.#credentials.fresh(), call.signal));
    const agent = this.#agent ?? (await this.#open());
    const body = JSON.stringify(call.input);
    try {
      return await this.#exchange(call, body, credentials, agent);
    } catch (error) {
      if (!(call.repeatable && error instanceof StaleConnection)) throw error;
      return this.#exchange(call, body, credentials, agent);
    }
  }

  /** Closes all sockets, open calls included. */
  close(): void {
    this.#agent?.destroy();
  }

  async #open(): Promise<Agent> {
    const agent = await agentFor(this.#secure ? "https:" : "http:", { keepAlive: true, maxSockets: SOCKETS_MAX });
    // Calls at the same time share the pool of the first.
    this.#agent ??= agent;
    return this.#agent;
  }

  #exchange(call: WireCall, body: string, credentials: Credentials, agent: Agent): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const headers = this.#signer.headers(call.operation, body, credentials, Date.now() + this.#skewMs);
      const request = this.#request({ ...this.#target, agent, headers });
      const chunks: Buffer[] = [];
      let answered = false;
      const text = () => (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString();
      const end = (finish: () => void) => {
        if (answered) return;
        answered = true;
        clearTimeout(timer);
        call.signal.removeEventListener("abort", aborted);
        finish();
      };
      const fail = (error: unknown) =>
        end(() => {
          if (chunks.length > 0) call.onBroken?.(text());
          request.destroy();
          reject(error);
        });
      const aborted = () => fail(call.signal.reason);
      const timer = setTimeout(
        () => fail(failure("TimeoutError", `no answer after ${call.timeoutMs} ms`)),
        call.timeoutMs,
      );
      call.signal.addEventListener("abort", aborted);

      request.on("error", (error: NodeJS.ErrnoException) => {
        const closedBetweenCalls =
          request.reusedSocket && chunks.length === 0 && /^(ECONNRESET|EPIPE)$/.test(error.code ?? "");
        fail(closedBetweenCalls ? new StaleConnection(error) : error);
      });
      request.on("socket", (socket) => limitConnecting(request, socket, this.#connectTimeoutMs));
      request.on("response", (response) => {
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", fail);
        response.on("end", () => {
          if (!response.complete) return fail(failure("ECONNRESET", "the connection was cut in mid-answer"));
          end(() => {
            try {
              resolve(this.#parsed(response, text(), call));
            } catch (error) {
              reject(error);
            }
          });
        });
      });
      request.end(body);
    });
  }

  #parsed(response: IncomingMessage, text: string, call: WireCall): Record<string, unknown> {
    try {
      return jsonAnswer(response, text, call.onBroken);
    } catch (error) {
      if (error instanceof Refusal && error.isForTime) this.#learnSkew(response.headers.date);
      throw error;
    }
  }

  /** After a refusal for the time of the signature the next is made by the server's clock, if its year has four digits. */
  #learnSkew(date = ""): void {
    const serverTime = Date.parse(date);
    if (new Date(serverTime).getUTCFullYear() <= 9999) this.#skewMs = serverTime - Date.now();
  }
}

/** An endpoint's path as the SDK's clients post to it: with a slash at its end. */
function withSlash(endpoint: URL): URL {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

function failure(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function limitConnecting(request: ClientRequest, socket: import("node:net").Socket, timeoutMs: number): void {
  if (!socket.connecting) return;
  const timer = setTimeout(() => {
    request.destroy(failure("TimeoutError", `no connection after ${timeoutMs} ms`));
  }, timeoutMs);
  const done = () => clearTimeout(timer);
  socket.once("connect", done).once("close", done);
}
