import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Handler, Run } from "../../pipeline/ports/handler.js";
import { done, type Outcome } from "../../pipeline/ports/outcome.js";
import { type ReceivedMessage, VISIBILITY_MAX_SECONDS } from "../../pipeline/ports/queue.js";
import { maskedValue } from "../../text/masked.js";
import { printable } from "../../text/printable.js";
import { AgentLoadError } from "../load-module.js";
import { sqsdHeaders } from "./sqsd-headers.js";

export interface ServiceOptions {
  /** Where messages are posted to: http or https. */
  readonly url: string;
  /** The queue's name, for the X-Aws-Sqsd-Queue header. */
  readonly queueName: string;
  /** How long the service may take to accept connections when the worker starts; 60 s if unset. */
  readonly readyMs?: number;
}

const READY_MS = 60_000;
const READY_LOOK_MS = 250;
const CONNECT_MS = 2_000;
/** Of an answer's body so much is read, and for so long; its status says all that counts. */
const ANSWER_BYTES_MAX = 65_536;
const ANSWER_MS = 5_000;
const REASON_MAX = 500;
const REJECTED = [400, 409, 422];

/** The service couldn't be reached at all: the message is not at fault. */
const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EMFILE",
  "ENFILE",
]);

/** The service answered, or failed to, in a way that means: try again. Without a stack, which tells of the worker alone. */
class ServiceFailed extends Error {
  override readonly name = "ServiceFailed";
  constructor(message: string) {
    super(message);
    this.stack = `${this.name}: ${message}`;
  }
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/**
 * Posts each message to an HTTP service, as Elastic Beanstalk's worker daemon does. Connections are kept alive; the slots
 * bound how many there are. Redirects aren't followed, and an answer is read up to a bound.
 */
export class ServiceHandler implements Handler {
  readonly #options: ServiceOptions;
  readonly #url: URL;
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    const secure = this.#url.protocol === "https:";
    this.#agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true });
    this.#request = secure ? httpsRequest : httpRequest;
  }

  /** Waits until the service accepts connections. Rejects with an AgentLoadError when it doesn't in time. */
  async start(signal?: AbortSignal): Promise<void> {
    const { readyMs = READY_MS, url } = this.#options;
    const until = performance.now() + readyMs;
    for (;;) {
      const fault = await this.#knock();
      if (fault === undefined || signal?.aborted) return;
      if (performance.now() + READY_LOOK_MS > until) {
        throw new AgentLoadError(
          `HANDLER "${maskedValue(url)}" accepted no connection for ${readyMs / 1000} s (${fault}); is the service running?`,
        );
      }
      await sleep(READY_LOOK_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Whether somebody accepts connections there now. */
  async answers(): Promise<boolean> {
    return (await this.#knock()) === undefined;
  }

  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    try {
      return outcomeOf(await this.#post(message, run), Date.now());
    } catch (error) {
      const { code, message: text } = error as NodeJS.ErrnoException;
      if (code !== undefined && UNREACHABLE.has(code)) return { kind: "defer", reason: `no service: ${text}` };
      return { kind: "retry", error: new ServiceFailed(`no answer from the service: ${text}`) };
    }
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
  }

  async #post(message: ReceivedMessage, run: Run): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const made: { request?: ClientRequest } = {};
      try {
        return await this.#exchange(message, run, made);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // The service closed an idle connection just as it was taken: it has seen nothing of the message.
        const closedIdle = made.request?.reusedSocket && (code === "ECONNRESET" || code === "EPIPE");
        if (!closedIdle || attempt > 1 || run.signal.aborted) throw error;
      }
    }
  }

  #exchange(message: ReceivedMessage, run: Run, made: { request?: ClientRequest }): Promise<Answer> {
    const body = Buffer.from(message.decoded?.bytes ?? message.body);
    return new Promise((resolve, reject) => {
      const headers = sqsdHeaders(message, this.#options.queueName, run.idempotency);
      headers["Content-Length"] = String(body.length);
      const { signal } = run;
      const request = this.#request(this.#url, { method: "POST", agent: this.#agent, headers, signal });
      made.request = request;
      request.on("response", (response) => {
        readAnswer(response).then(resolve, reject);
      });
      request.on("error", reject);
      request.end(body);
    });
  }

  /** Undefined when a connection was accepted, else why not. */
  #knock(): Promise<string | undefined> {
    const { hostname, port, protocol } = this.#url;
    return new Promise((resolve) => {
      const host = hostname.replace(/^\[(.*)\]$/, "$1");
      const socket = connect({ host, port: Number(port) || (protocol === "https:" ? 443 : 80), timeout: CONNECT_MS });
      const end = (fault?: string) => {
        socket.destroy();
        resolve(fault);
      };
      socket.once("connect", () => end());
      socket.once("timeout", () => end(`no answer in ${CONNECT_MS / 1000} s`));
      socket.once("error", (error) => end(error.message || (error as NodeJS.ErrnoException).code || "refused"));
    });
  }
}

/** Reads an answer to its end or its bound; the status counts either way, so this never rejects. */
function readAnswer(response: IncomingMessage): Promise<Answer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    const end = () => {
      clearTimeout(timer);
      // An answer that wasn't read to its end takes its connection with it.
      if (!response.complete) response.destroy();
      const text = Buffer.concat(parts).toString("utf8").slice(0, ANSWER_BYTES_MAX);
      resolve({ status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"], text });
    };
    const timer = setTimeout(end, ANSWER_MS);
    response.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes <= ANSWER_BYTES_MAX) parts.push(part);
      else end();
    });
    response.on("end", end);
    response.on("error", end);
    response.on("close", end);
  });
}

function outcomeOf({ status, retryAfter, text }: Answer, now: number): Outcome {
  if (status >= 200 && status <= 299) return done;
  const said = printable(text.trim(), REASON_MAX);
  const answered = `the service answered ${status}${said ? `: ${said}` : ""}`;
  if (REJECTED.includes(status)) return { kind: "reject", reason: answered };
  const error = new ServiceFailed(
    status >= 300 && status <= 399 ? `the service answered ${status}: redirects aren't followed` : answered,
  );
  const afterSeconds = status === 429 || status === 503 ? secondsOf(retryAfter, now) : undefined;
  return { kind: "retry", error, ...(afterSeconds === undefined ? {} : { afterSeconds }) };
}

/** The seconds that a Retry-After header means, whole ones or a date; undefined when it means nothing. */
function secondsOf(retryAfter: string | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : Math.ceil((Date.parse(retryAfter) - now) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(VISIBILITY_MAX_SECONDS, Math.max(0, seconds));
}
