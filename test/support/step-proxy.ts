import { createServer, type Server } from "node:http";
import { closeServer, listenOnLoopback } from "./loopback.js";

/** One call of an AWS JSON protocol, before it reaches the server or after its answer has left it. */
export interface Step {
  /** Such as `UpdateItem`. */
  readonly operation: string;
  readonly phase: "before" | "after";
  readonly input: Record<string, unknown>;
  /** After: what the server answered. */
  readonly answer?: Record<string, unknown>;
}

/** Stands between a worker and a server, and tells of each step before it takes it: where a test may end the worker. */
export class StepProxy {
  /** @param onStep true: the caller is dead, and the step is not taken. */
  static async start(target: string, onStep: (step: Step) => boolean | Promise<boolean>): Promise<StepProxy> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const operation = String(request.headers["x-amz-target"]).split(".").at(-1)!;
      const input = text ? JSON.parse(text) : {};
      if (await onStep({ operation, phase: "before", input })) return void request.socket.destroy();
      const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
      const answered = await fetch(`${target}${request.url}`, {
        method: request.method!,
        headers: headers as Record<string, string>,
        body: text,
      });
      const body = await answered.text();
      const answer = body ? JSON.parse(body) : {};
      if (await onStep({ operation, phase: "after", input, answer })) return void request.socket.destroy();
      response.writeHead(answered.status, { "content-type": answered.headers.get("content-type") ?? "" });
      response.end(body);
    });
    return new StepProxy(server, await listenOnLoopback(server));
  }

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  close(): Promise<void> {
    return closeServer(this.server);
  }
}
