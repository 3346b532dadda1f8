import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface ModelLimits {
  /** Calls in a second; a bucket of as many. */
  readonly callsPerSecond: number;
  readonly tokensPerSecond: number;
}

interface Conversation {
  readonly messages: readonly { readonly role: string; readonly content?: string }[];
}

const TOKENS_IN = 60;
const TOKENS_OUT = 40;

/**
 * Stands in for a model behind OpenAI's interface, with limits in calls and tokens: it uses the tool `count_words` in its
 * first turn, and answers with what that said in its second.
 */
export class ModelEndpoint implements AsyncDisposable {
  readonly #server: Server;
  readonly #limits: ModelLimits;
  #calls: number;
  #tokens: number;
  #at = performance.now();
  served = 0;
  refused = 0;
  /** What it answered in the end, in order. */
  readonly answers: string[] = [];

  private constructor(limits: ModelLimits) {
    this.#limits = limits;
    this.#calls = limits.callsPerSecond;
    this.#tokens = limits.tokensPerSecond;
    this.#server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const { status, headers, body } = this.#answer(JSON.parse(Buffer.concat(parts).toString()));
      response.writeHead(status, headers).end(JSON.stringify(body));
    });
  }

  static async start(limits: ModelLimits): Promise<ModelEndpoint> {
    const made = new ModelEndpoint(limits);
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer({ messages }: Conversation): { status: number; headers: Record<string, string>; body: object } {
    this.#refill();
    if (this.#calls < 1 || this.#tokens < TOKENS_IN + TOKENS_OUT) {
      this.refused++;
      return { status: 429, headers: { "retry-after": "1" }, body: { error: { message: "rate limit" } } };
    }
    this.#calls--;
    this.#tokens -= TOKENS_IN + TOKENS_OUT;
    this.served++;
    const usage = { prompt_tokens: TOKENS_IN, completion_tokens: TOKENS_OUT, total_tokens: TOKENS_IN + TOKENS_OUT };
    return { status: 200, headers: {}, body: { choices: [{ message: this.#said(messages) }], usage } };
  }

  #said(messages: Conversation["messages"]): object {
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
