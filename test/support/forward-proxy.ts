import { createServer, request } from "node:http";
import { closeServer, listenOnLoopback } from "./loopback.js";

/** An HTTP proxy that takes every call to one server, whatever host it was for, and notes what it was asked. */
export class ForwardProxy {
  /** URLs of plain calls, and `CONNECT host:port` of others, which are refused. */
  readonly asked: string[] = [];
  connections = 0;
  #url = "";
  readonly #server = createServer((incoming, response) => {
    this.asked.push(incoming.url!);
    const { pathname } = new URL(incoming.url!);
    const there = request(new URL(pathname, this.target), { method: incoming.method!, headers: incoming.headers });
    there.on("response", (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    there.on("error", () => response.destroy());
    incoming.pipe(there);
  });

  private constructor(readonly target: string) {
    this.#server.on("connection", () => this.connections++);
    this.#server.on("connect", ({ url }, socket) => {
      this.asked.push(`CONNECT ${url}`);
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
  }

  static async start(target: string): Promise<ForwardProxy> {
    const proxy = new ForwardProxy(target);
    proxy.#url = await listenOnLoopback(proxy.#server);
    return proxy;
  }

  get url(): string {
    return this.#url;
  }

  stop(): Promise<void> {
    return closeServer(this.#server);
  }
}
