import type { IncomingMessage } from "node:http";
import { finished } from "node:stream/promises";
import { untilAborted } from "../../pipeline/ports/deadline.js";
import { timeoutError } from "./http-calls.js";
import { jsonAnswer } from "./json-answer.js";
import type { WireCall } from "./json-wire.js";
import { isClosed } from "./stale-connection.js";
import type { Transport } from "./transport.js";

/** Of a client of the SDK, what is used here. */
export interface SdkClient {
  send(command: SdkCommand, options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
  destroy(): void;
}

/** One command of the SDK, with the steps of its own that it can be given. */
export interface SdkCommand {
  readonly middlewareStack: { add(step: SdkStep, options: Readonly<Record<string, string>>): void };
}

type SdkStep = (next: SdkHandler) => SdkHandler;
type SdkHandler = (args: unknown) => Promise<{ readonly response: unknown }>;

/** An answer as the SDK's handler of requests gives it: the body is unread. */
interface SdkResponse {
  readonly statusCode: number;
  readonly reason?: string;
  readonly headers: IncomingMessage["headers"];
  body: IncomingMessage | Buffer;
}

export interface SdkTransportOptions {
  /** Tries each call once. */
  readonly client: SdkClient;
  /** The SDK's command for an operation and its input in AWS's JSON. */
  readonly command: (operation: string, input: object) => SdkCommand;
}

/** Beside the deserializer's place, nearer to the socket. */
const BELOW_THE_READER = { step: "deserialize", priority: "low", name: "queuehandReadsTheAnswer" };
const NOTHING_TO_READ = Buffer.from("{}");

/**
 * Calls by a client of the SDK, which finds the endpoint, signs, and says the call in its protocol. The answer is read
 * here, as on our own wire: the SDK's reader loses an attribute named `__proto__`, and what came of an answer that was
 * cut. The outer deadline is ours too, since the SDK heeds no signal while it waits for credentials.
 */
export class SdkTransport implements Transport {
  readonly #options: SdkTransportOptions;

  constructor(options: SdkTransportOptions) {
    this.#options = options;
  }

  async call(call: WireCall): Promise<Record<string, unknown>> {
    const { signal, timeoutMs } = call;
    if (signal.aborted) throw signal.reason;
    const cut = new AbortController();
    const aborted = () => cut.abort(signal.reason);
    const late = () => cut.abort(timeoutError(`no answer after ${timeoutMs} ms`));
    const timer = setTimeout(late, timeoutMs);
    signal.addEventListener("abort", aborted);
    try {
      return await untilAborted(this.#tried(call, cut.signal), cut.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
    }
  }

  close(): void {
    this.#options.client.destroy();
  }

  /** The SDK doesn't tell a connection that the server closed between two calls from one that it closed at once. */
  async #tried(call: WireCall, abortSignal: AbortSignal): Promise<Record<string, unknown>> {
    const first = new Exchange(call);
    try {
      return await this.#send(first, call, abortSignal);
    } catch (error) {
      if (!(call.repeatable && isClosed(error) && !first.begun) || abortSignal.aborted) throw error;
      return this.#send(new Exchange(call), call, abortSignal);
    }
  }

  async #send(exchange: Exchange, { operation, input }: WireCall, abortSignal: AbortSignal) {
    const command = this.#options.command(operation, input);
    command.middlewareStack.add(exchange.step, BELOW_THE_READER);
    try {
      await this.#options.client.send(command, { abortSignal });
    } catch (error) {
      throw exchange.failure ?? error;
    }
    return exchange.answer;
  }
}

/** One request and the answer to it. */
class Exchange {
  answer: Record<string, unknown> = {};
  /** The answer has begun to arrive. */
  begun = false;
  /** What went wrong, before the SDK put it into its own words. */
  failure: unknown;
  readonly #call: WireCall;

  constructor(call: WireCall) {
    this.#call = call;
  }

  readonly step: SdkStep = (next) => async (args) => {
    try {
      const given = await next(args);
      this.begun = true;
      await this.#read(given.response as SdkResponse);
      return given;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  };

  async #read(response: SdkResponse): Promise<void> {
    const { statusCode, reason: statusMessage, headers } = response;
    const text = await this.#textOf(response.body as IncomingMessage);
    try {
      this.answer = jsonAnswer({ statusCode, statusMessage, headers }, text, this.#call.onBroken);
    } catch (error) {
      // By its date the SDK learns the server's clock.
      throw Object.defineProperty(error as Error, "$response", { value: response, enumerable: false });
    }
    response.body = NOTHING_TO_READ;
  }

  async #textOf(body: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    body.on("data", (chunk: Buffer) => chunks.push(chunk));
    const text = () => Buffer.concat(chunks).toString();
    try {
      await finished(body);
    } catch (error) {
      if (chunks.length > 0) this.#call.onBroken?.(text());
      throw error;
    }
    return text();
  }
}
