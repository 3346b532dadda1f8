import { untilAborted } from "../../pipeline/ports/deadline.js";
import type { CredentialSource, Credentials } from "./credentials.js";
import { ConnectionPool } from "./http/connection-pool.js";
import type { HttpAnswer, HttpCalls, HttpTarget } from "./http-calls.js";
import { jsonAnswer } from "./json-answer.js";
import { ProxiedCalls } from "./proxied-calls.js";
import { isProxied } from "./proxy.js";
import { Refusal } from "./refusal.js";
import { RequestSigner, type WireService } from "./request-signer.js";
import { StaleConnection } from "./stale-connection.js";

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

/**
 * Speaks AWS's JSON protocol to one service over connections of its own, for the few calls that a worker makes all day.
 * The SDK's clients cost several times the CPU for them (docs/decisions/001). Every call ends by its answer, its signal or
 * its timeout, and rejects with the signal's reason, the socket's error, or a Refusal; nothing is tried twice except as
 * `repeatable` says.
 */
export class JsonWire {
  readonly #target: HttpTarget;
  #calls: HttpCalls | undefined;
  readonly #signer: RequestSigner;
  readonly #credentials: CredentialSource;
  /** Server's clock minus ours, learnt only from a refusal: milliseconds. */
  #skewMs = 0;

  constructor({ service, endpoint, region, credentials, connectTimeoutMs }: JsonWireOptions) {
    const secure = endpoint.protocol === "https:";
    const to = withSlash(endpoint);
    this.#target = {
      // A URL has an IPv6 address in brackets, a socket wants it without.
      host: to.hostname.replace(/^\[|\]$/g, ""),
      port: Number(to.port) || (secure ? 443 : 80),
      path: to.pathname,
      secure,
      connectTimeoutMs,
    };
    this.#signer = new RequestSigner(service, region, to);
    this.#credentials = credentials;
  }

  /** The answer's JSON, an object. */
  async call(call: WireCall): Promise<Record<string, unknown>> {
    if (call.signal.aborted) throw call.signal.reason;
    const credentials = this.#credentials.now() ?? (await untilAborted(this.#credentials.fresh(), call.signal));
    const body = JSON.stringify(call.input);
    try {
      return await this.#exchange(call, body, credentials);
    } catch (error) {
      if (!(call.repeatable && error instanceof StaleConnection)) throw error;
      return this.#exchange(call, body, credentials);
    }
  }

  /** Closes all connections, open calls included. */
  close(): void {
    this.#calls?.close();
  }

  async #exchange(call: WireCall, body: string, credentials: Credentials): Promise<Record<string, unknown>> {
    const { operation, signal, timeoutMs, onBroken } = call;
    this.#calls ??= isProxied(process.env) ? new ProxiedCalls(this.#target) : new ConnectionPool(this.#target);
    const headers = this.#signer.headers(operation, body, credentials, Date.now() + this.#skewMs);
    return this.#parsed(await this.#calls.post({ headers, body, signal, timeoutMs, onBroken }), call);
  }

  #parsed({ head, text }: HttpAnswer, call: WireCall): Record<string, unknown> {
    try {
      return jsonAnswer(head, text, call.onBroken);
    } catch (error) {
      if (error instanceof Refusal && error.isForTime) this.#learnSkew(head.headers.date);
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
