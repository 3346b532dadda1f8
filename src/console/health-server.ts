import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import { type Route, readOnly, respond } from "./answer.js";
import { Connections } from "./connections.js";
import { Health, type HealthParts } from "./health.js";
import { PORT_LIMITS, type PortLimits } from "./port-limits.js";

export type { Route };

export interface HealthServerParts extends HealthParts {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** The Prometheus page. */
  readonly metrics: () => Promise<string>;
  /** More paths, exactly as written, or with a last part that is `*` for any; those of the console. */
  readonly routes?: Readonly<Record<string, Route>>;
  readonly telemetry: Telemetry;
  readonly limits?: Partial<PortLimits>;
}

/** What platforms ask for: answered whatever else the port is busy with. */
const HEALTH_PATHS: readonly string[] = ["/livez", "/readyz"];

const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Serves `/livez`, `/readyz` and `/metrics`, and what the console adds, on HTTP_HOST:HTTP_PORT.
 *
 * 1. A port that can't be had is a warning and not the end: messages matter more than the page about them, and where
 *    health is checked the check fails and tells.
 * 2. Whoever else is connected, idles, sends slowly, reads slowly or watches, health checks are answered.
 */
export class HealthServer {
  readonly #parts: HealthServerParts;
  readonly #limits: PortLimits;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #connections: Connections;
  /** Connections on which an answer is under way. */
  readonly #asked = new WeakSet<Socket>();
  #server: Server | undefined;

  constructor(parts: HealthServerParts) {
    this.#parts = parts;
    this.#limits = { ...PORT_LIMITS, ...parts.limits };
    this.#connections = new Connections(this.#limits.connections);
    const health = new Health(parts);
    const told = (reasons: () => string[]) =>
      readOnly((response) => {
        const found = reasons();
        respond(response, found.length > 0 ? 503 : 200, { ok: found.length === 0, reasons: found, ...parts.status() });
      });
    this.#routes = new Map<string, Route>([
      ["/livez", told(() => health.stuck())],
      ["/readyz", told(() => health.unready())],
      [
        "/metrics",
        readOnly(async (response) => {
          const page = await parts.metrics();
          response.writeHead(200, { "content-type": PROMETHEUS_TYPE }).end(page);
        }),
      ],
      ...Object.entries(parts.routes ?? {}),
    ]);
  }

  /** Listens; resolves with the address, or undefined where there is none to be had. Never rejects. */
  async start(): Promise<{ readonly host: string; readonly port: number } | undefined> {
    const { host, port, telemetry } = this.#parts;
    const limits = this.#limits;
    // Not by `import`: that reads every export of node:http, one of which loads all of fetch, 30 ms of a start.
    const server = process.getBuiltinModule("node:http").createServer(
      {
        maxHeaderSize: limits.headerBytes,
        headersTimeout: limits.headersWithinMs,
        requestTimeout: limits.requestWithinMs,
        keepAliveTimeout: limits.idleMs,
        connectionsCheckingInterval: limits.lookEveryMs,
      },
      (request, response) => void this.#answer(request, response),
    );
    server.on("connection", (socket: Socket) => this.#connections.admit(socket));
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        // Who comes in a crowd is let in by the kernel, rather than made to knock again a second later.
        server.listen({ port, host, backlog: limits.connections }, resolve);
      });
    } catch (error) {
      telemetry({ kind: "warning", text: unavailable(host, port, error as NodeJS.ErrnoException), error });
      return undefined;
    }
    server.on("error", (error) => telemetry({ kind: "warning", text: "the HTTP server had an error", error }));
    this.#server = server;
    const address = { host, port: (server.address() as AddressInfo).port };
    telemetry({ kind: "listening", ...address });
    return address;
  }

  /** Closes the port and all connections. Harmless twice and before `start`. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // No client of ours asks again before it has its answer; who sends a thousand requests at once wants something else.
    if (this.#asked.has(request.socket)) return void request.socket.destroy();
    this.#asked.add(request.socket);
    response.once("close", () => this.#asked.delete(request.socket));
    // Nor does any page read a body: what goes on after the answer isn't listened to.
    if (hasBody(request)) response.setHeader("connection", "close");
    const path = (request.url ?? "/").split("?", 1)[0]!;
    const route = this.#routes.get(path) ?? this.#routes.get(`${path.slice(0, path.lastIndexOf("/") + 1)}*`);
    try {
      if (!this.#begin(path, request, response))
        respond(response, 503, { error: `${this.#limits.answers} answers are under way already` });
      else if (route) await route(request, response);
      else respond(response, 404, { error: `there is no ${path}`, paths: [...this.#routes.keys()] });
    } catch (error) {
      this.#parts.telemetry({ kind: "warning", text: `${path} could not be served`, error });
      if (response.headersSent) response.destroy();
      else respond(response, 500, { error: "this page could not be made; the log has the reason" });
    }
  }

  /** Gives an answer its bounds, or says that there are too many under way. */
  #begin(path: string, { socket }: IncomingMessage, response: ServerResponse): boolean {
    const tooLong = setTimeout(() => response.destroy(), this.#limits.answerWithinMs);
    response.once("close", () => clearTimeout(tooLong));
    // Takes no time, and keeps no place: who lets answers to these pile up is to lose it.
    if (HEALTH_PATHS.includes(path)) return true;
    if (this.#connections.answers >= this.#limits.answers) return false;
    this.#connections.answering(socket);
    response.once("close", () => this.#connections.answered(socket));
    return true;
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function unavailable(host: string, port: number, { code, message }: NodeJS.ErrnoException): string {
  const consequence = "the worker runs without its health and metrics pages";
  switch (code) {
    case "EADDRINUSE":
      return `HTTP_PORT ${port} on ${host} is taken by another program; ${consequence}: set HTTP_PORT to another one, to 0 for any free one, or to off`;
    case "EACCES":
      return `HTTP_PORT ${port} may not be opened by this user; ${consequence}: ports from 1024 on may`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `HTTP_HOST ${host} is no address of this machine; ${consequence}`;
    default:
      return `HTTP_PORT ${port} on ${host} can't be opened (${code ?? message}); ${consequence}`;
  }
}
