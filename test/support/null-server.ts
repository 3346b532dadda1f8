import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeServer, listenOnLoopback } from "./loopback.js";

/** What the server does with one call. */
export type Answer =
  | { readonly json: unknown; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
  /** Any text, with status 200 unless told otherwise. */
  | { readonly text: string; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
  /** Announces the whole text, sends its first `bytes`, and resets the connection. */
  | { readonly torn: string; readonly bytes: number }
  /** Announces the whole text, sends its first `bytes`, and says no more. */
  | { readonly stalled: string; readonly bytes: number }
  | "silence"
  /** Resets the connection without a word. */
  | "reset";

/** One call as it arrived. */
export interface SeenCall {
  readonly operation: string;
  readonly input: Record<string, unknown>;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
  readonly path: string;
  /** The same number for calls on the same connection. */
  readonly connection: number;
}

/**
 * A server that says what a test tells it to, for answers that no real one can be made to give. Unscripted calls get
 * the plainest good answer: no messages, every entry successful.
 */
export class NullServer {
  readonly calls: SeenCall[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #scripts = new Map<string, Answer[]>();
  #refusal: { readonly answer: Answer; readonly operation: string | undefined } | undefined;
  readonly #connections = new Map<unknown, number>();
  #waiting: (() => void)[] = [];
  #endpoint = "";

  static async start(): Promise<NullServer> {
    const server = new NullServer();
    server.#endpoint = await listenOnLoopback(server.#server);
    return server;
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  get queueUrl(): string {
    return `${this.endpoint}/123456789012/queue`;
  }

  /** Answers the next calls of `operation` so, in turn. */
  script(operation: string, ...answers: Answer[]): void {
    this.#scripts.set(operation, [...(this.#scripts.get(operation) ?? []), ...answers]);
  }

  /** Answers every call of our own wire so, or those of one operation, whatever is scripted, and takes the SDK's. */
  refuseWire(answer: Answer, operation?: string): void {
    this.#refusal = { answer, operation };
  }

  /** The calls of `operation`, as soon as there are `count` of them. */
  async seen(operation: string, count = 1): Promise<SeenCall[]> {
    for (;;) {
      const calls = this.calls.filter((call) => call.operation === operation);
      if (calls.length >= count) return calls;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  stop(): Promise<void> {
    return closeServer(this.#server);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const operation = String(request.headers["x-amz-target"]).replace(/^.*\./, "");
    const input = JSON.parse(body) as Record<string, unknown>;
    const connection = this.#connections.get(request.socket) ?? this.#connections.size + 1;
    this.#connections.set(request.socket, connection);
    this.calls.push({ operation, input, body, headers: request.headers, path: request.url ?? "", connection });
    const { answer, operation: refused = operation } = this.#refusal ?? {};
    const refusal = refused === operation && !isBySdk(request) ? answer : undefined;
    give(response, refusal ?? this.#scripts.get(operation)?.shift() ?? plain(input));
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** Whether the SDK's client made a call, as its user agent says. */
export function isBySdk({ headers }: Pick<SeenCall, "headers">): boolean {
  return String(headers["user-agent"]).startsWith("aws-sdk-js");
}

function give(response: ServerResponse, answer: Answer): void {
  if (answer === "silence") return;
  if (answer === "reset") response.socket?.resetAndDestroy();
  else if ("torn" in answer || "stalled" in answer) {
    const text = Buffer.from("torn" in answer ? answer.torn : answer.stalled);
    response.writeHead(200, { "content-length": text.length });
    response.write(text.subarray(0, answer.bytes), () => {
      if ("torn" in answer) response.socket?.resetAndDestroy();
    });
  } else {
    const text = "json" in answer ? JSON.stringify(answer.json) : answer.text;
    response.writeHead(answer.status ?? 200, { ...answer.headers, "content-length": Buffer.byteLength(text) });
    response.end(text);
  }
}

function plain({ Entries }: Record<string, unknown>): Answer {
  if (!Array.isArray(Entries)) return { json: {} };
  return { json: { Successful: Entries.map(({ Id }: { Id: string }) => ({ Id })), Failed: [] } };
}

/** An error as SQS says it. */
export function refusal(type: string, options: { status?: number; message?: string; query?: string } = {}): Answer {
  const { status = 400, message = "no", query } = options;
  return {
    status,
    json: { __type: `com.amazonaws.sqs#${type}`, message },
    headers: query === undefined ? {} : { "x-amzn-query-error": `${query};Sender` },
  };
}
