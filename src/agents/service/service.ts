import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { Handler, Run } from "../../pipeline/ports/handler.js";
import type { Outcome } from "../../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { maskedValue } from "../../text/masked.js";
import { AgentLoadError } from "../load-module.js";
import { type Answer, inWords, outcomeOf, readAnswer, ServiceFailed, secondsOf } from "./answer.js";
import { ask, faultIn, knock } from "./knock.js";
import { scheduledTask, urlOfTask } from "./scheduled-task.js";
import { busyOf, tellTook } from "./service-budgets.js";
import { sqsdHeaders } from "./sqsd-headers.js";

export interface ServiceOptions {
  /** Where messages are posted to: http or https. */
  readonly url: string;
  /** The queue's name, for the X-Aws-Sqsd-Queue header. */
  readonly queueName: string;
  /** The statuses that reject a message; 422 alone if unset. */
  readonly rejected?: readonly number[];
  /** A path on the service that answers a GET with 2xx once it is ready; unset: ready is what accepts connections. */
  readonly readyPath?: string | undefined;
  /** How long the service may take to be ready when the worker starts; 60 s if unset. */
  readonly readyMs?: number;
  /** Budgets that each message uses: 429 and 503 are their provider's word. */
  readonly uses?: readonly string[];
}

const READY_MS = 60_000;
const READY_LOOK_MS = 250;
const REJECTED = [422];
const UNAVAILABLE = 503;

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

/**
 * Posts each message to an HTTP service, as Elastic Beanstalk's worker daemon does. Connections are kept alive; the slots
 * bound how many there are. Redirects aren't followed, and an answer is read up to a bound. A service that warms up, at the
 * start or after an end of its own, is waited for: until it has answered anything but 503, a 503 defers.
 */
export class ServiceHandler implements Handler {
  readonly #options: ServiceOptions;
  readonly #url: URL;
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;
  readonly #readyUrl: URL | undefined;
  readonly #rejected: readonly number[];
  /** Whether it is known to have been ready since it was last found gone. */
  #warm = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    const secure = this.#url.protocol === "https:";
    this.#agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true });
    this.#request = secure ? httpsRequest : httpRequest;
    this.#rejected = options.rejected ?? REJECTED;
    this.#readyUrl = options.readyPath === undefined ? undefined : new URL(options.readyPath, this.#url);
  }

  /** Waits until the service is ready. Rejects with an AgentLoadError when it doesn't in time. */
  async start(signal?: AbortSignal): Promise<void> {
    const { readyMs = READY_MS, url } = this.#options;
    const until = performance.now() + readyMs;
    for (;;) {
      const fault = await this.#unready();
      if (fault === undefined || signal?.aborted) return;
      if (performance.now() + READY_LOOK_MS > until) {
        const what = this.#readyUrl ? "wasn't ready" : "accepted no connection";
        throw new AgentLoadError(
          `HANDLER "${maskedValue(url)}" ${what} for ${readyMs / 1000} s (${fault}); is the service running?`,
        );
      }
      await sleep(READY_LOOK_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Whether somebody accepts connections there now. */
  async answers(): Promise<boolean> {
    return (await knock(this.#url)) === undefined;
  }

  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    if (!this.#warm && this.#readyUrl) {
      const fault = await ask(this.#readyUrl, this.#request);
      if (fault !== undefined) return { kind: "defer", reason: `the service isn't ready: ${fault}` };
      this.#warm = true;
    }
    try {
      const answer = await this.#post(message, run);
      tellTook(answer.took, run);
      return busyOf(answer, this.#options.uses ?? [], Date.now()) ?? (await this.#outcomeOf(answer));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why = faultIn(error as Error);
      if (code === undefined || !UNREACHABLE.has(code)) {
        return { kind: "retry", error: new ServiceFailed(`no answer from the service: ${why}`) };
      }
      this.#warm = false;
      return { kind: "defer", reason: `no service: ${why}` };
    }
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
  }

  async #outcomeOf(answer: Answer): Promise<Outcome> {
    const now = Date.now();
    const { status, retryAfter } = answer;
    if (status !== UNAVAILABLE || this.#rejected.includes(status)) {
      this.#warm = true;
      return outcomeOf(answer, this.#rejected, now);
    }
    // Where it says itself whether it is ready, it may have begun anew behind whatever answers for it.
    if (this.#warm && this.#readyUrl && (await ask(this.#readyUrl, this.#request)) !== undefined) this.#warm = false;
    if (this.#warm) return outcomeOf(answer, this.#rejected, now);
    const afterSeconds = secondsOf(retryAfter, now);
    const reason = `the service isn't ready: ${inWords(answer)}`;
    return { kind: "defer", reason, ...(afterSeconds !== undefined && { afterSeconds }) };
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
    const task = scheduledTask(message);
    const body = Buffer.from(task ? "" : (message.decoded?.bytes ?? message.body));
    const url = task ? urlOfTask(this.#url, task) : this.#url;
    return new Promise((resolve, reject) => {
      const headers = sqsdHeaders(message, this.#options.queueName, run.idempotency);
      headers["Content-Length"] = String(body.length);
      const { signal } = run;
      const request = this.#request(url, { method: "POST", agent: this.#agent, headers, signal });
      made.request = request;
      request.on("response", (response) => {
        readAnswer(response).then(resolve, reject);
      });
      request.on("error", reject);
      request.end(body);
    });
  }

  #unready(): Promise<string | undefined> {
    return this.#readyUrl ? ask(this.#readyUrl, this.#request) : knock(this.#url);
  }
}
