import { createServer, type Server } from "node:http";
import { closeServer, listenOnLoopback } from "./loopback.js";

export interface ModelLimits {
  /** Calls in a second; a bucket of as many. */
  readonly callsPerSecond: number;
  readonly tokensPerSecond: number;
}

interface Said {
  readonly role: string;
  readonly content?: string | null;
  readonly tool_calls?: readonly object[];
}

/** An answer told beforehand; `never` keeps the caller waiting until it hangs up. */
export type ModelAnswer =
  | "never"
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body: object };

/** The same, once something has been done. */
type ModelScript = ModelAnswer | (() => Promise<ModelAnswer>);

const TOKENS_IN = 60;
const TOKENS_OUT = 40;
const usage = { prompt_tokens: TOKENS_IN, completion_tokens: TOKENS_OUT, total_tokens: TOKENS_IN + TOKENS_OUT };

/** What a model says in a turn, as an answer. */
export const modelSays = (message: object, finish_reason = "stop"): ModelAnswer => ({
  body: { choices: [{ message: { role: "assistant", content: null, ...message }, finish_reason }], usage },
});

/** The model wants the tool `name`, with arguments as it wrote them. */
export const modelCalls = (name: string, given: string): ModelAnswer =>
  modelSays({ tool_calls: [{ id: "call-1", type: "function", function: { name, arguments: given } }] }, "tool_calls");

/**
 * Stands in for a model behind OpenAI's interface, with limits in calls and tokens: it uses the tool `count_words` in its
 * first turn, and answers with what that said in its second.
 */
export class ModelEndpoint implements AsyncDisposable {
  readonly #server: Server;
  readonly #limits: ModelLimits;
  readonly #script: ModelScript[] = [];
  #calls: number;
  #tokens: number;
  #at = performance.now();
  served = 0;
  refused = 0;
  /** Calls whose caller hung up before they were answered. */
  hungUp = 0;
  /** What it answered in the end, in order. */
  readonly answers: string[] = [];
  /** The conversation of each call, in order. */
  readonly asked: (readonly Said[])[] = [];

  private constructor(
    limits: ModelLimits,
    server: Server,
    readonly url: string,
  ) {
    this.#limits = limits;
    this.#calls = limits.callsPerSecond;
    this.#tokens = limits.tokensPerSecond;
    this.#server = server.on("request", async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const { messages } = JSON.parse(Buffer.concat(parts).toString()) as { messages: readonly Said[] };
      this.asked.push(messages);
      const told = this.#script.shift() ?? this.#answer(messages);
      const answer = typeof told === "function" ? await told() : told;
      if (answer === "never") return response.once("close", () => this.hungUp++);
      const { status = 200, headers = {}, body } = answer;
      return response.writeHead(status, headers).end(JSON.stringify(body));
    });
  }

  static async start(limits: ModelLimits = { callsPerSecond: 1_000, tokensPerSecond: 1e6 }): Promise<ModelEndpoint> {
    const server = createServer();
    return new ModelEndpoint(limits, server, `${await listenOnLoopback(server)}/v1`);
  }

  /** Answers the next calls so, in order; its limits don't count them. */
  script(...answers: readonly ModelScript[]): void {
    this.#script.push(...answers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeServer(this.#server);
  }

  #answer(messages: readonly Said[]): Exclude<ModelAnswer, "never"> {
    this.#refill();
    if (this.#calls < 1 || this.#tokens < TOKENS_IN + TOKENS_OUT) {
      this.refused++;
      return { status: 429, headers: this.#headers(), body: { error: { message: "rate limit" } } };
    }
    this.#calls--;
    this.#tokens -= TOKENS_IN + TOKENS_OUT;
    this.served++;
    const message = this.#said(messages);
    return { headers: this.#headers(), body: { choices: [{ message, finish_reason: "stop" }], usage } };
  }

  /** As OpenAI sends them: what remains, and when it is back. */
  #headers(): Record<string, string> {
    const { callsPerSecond, tokensPerSecond } = this.#limits;
    const reset = (missing: number, perSecond: number) => `${Math.ceil((1_000 * Math.max(0, missing)) / perSecond)}ms`;
    const callsLeft = Math.floor(this.#calls);
    const tokensLeft = this.#tokens < TOKENS_IN + TOKENS_OUT ? 0 : Math.floor(this.#tokens);
    return {
      "x-ratelimit-remaining-requests": String(callsLeft),
      "x-ratelimit-reset-requests": reset(1 - this.#calls, callsPerSecond),
      "x-ratelimit-remaining-tokens": String(tokensLeft),
      "x-ratelimit-reset-tokens": reset(TOKENS_IN + TOKENS_OUT - this.#tokens, tokensPerSecond),
    };
  }

  #said(messages: readonly Said[]): object {
    const last = messages.at(-1)!;
    if (last.role === "tool") {
      const content = `It has ${JSON.parse(last.content!).words} words.`;
      this.answers.push(content);
      return { role: "assistant", content };
    }
    const call = { name: "count_words", arguments: JSON.stringify({ text: last.content }) };
    return { role: "assistant", content: null, tool_calls: [{ id: "call-1", type: "function", function: call }] };
  }

  #refill(): void {
    const now = performance.now();
    const seconds = (now - this.#at) / 1000;
    this.#at = now;
    const { callsPerSecond, tokensPerSecond } = this.#limits;
    this.#calls = Math.min(callsPerSecond, this.#calls + seconds * callsPerSecond);
    this.#tokens = Math.min(tokensPerSecond, this.#tokens + seconds * tokensPerSecond);
  }
}
