import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import { type Route, readOnly, respond } from "./answer.js";
import { Health, type HealthParts } from "./health.js";

export type { Route };

export interface HealthServerParts extends HealthParts {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** The Prometheus page. */
  readonly metrics: () => Promise<string>;
  /** More paths, exactly as written; those of the console. */
  readonly routes?: Readonly<Record<string, Route>>;
  readonly telemetry: Telemetry;
}

/** Small figures, since all that anybody has to send is a line and some headers. */
const HEADER_BYTES_MAX = 8 * 1024;
const HEADERS_WITHIN_MS = 5_000;
const REQUEST_WITHIN_MS = 10_000;
const KEEP_ALIVE_MS = 5_000;
const CONNECTIONS_MAX = 100;

const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Serves `/livez`, `/readyz` and `/metrics`, and what the console adds, on HTTP_HOST:HTTP_PORT.
 *
 * A port that can't be had is a warning and not the end: messages matter more than the page about them, and where
 * health is checked the check fails and tells.
 */
export class HealthServer {
  readonly #parts: HealthServerParts;
  readonly #routes: ReadonlyMap<string, Route>;
  #server: Server | undefined;

  constructor(parts: HealthServerParts) {
    this.#parts = parts;
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
    // Not by `import`: that reads every export of node:http, one of which loads all of fetch, 30 ms of a start.
    const server = process.getBuiltinModule("node:http").createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        headersTimeout: HEADERS_WITHIN_MS,
        requestTimeout: REQUEST_WITHIN_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
      },
      (request, response) => void this.#answer(request, response),
    );
    server.maxConnections = CONNECTIONS_MAX;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, resolve);
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
    const path = (request.url ?? "/").split("?", 1)[0]!;
    const route = this.#routes.get(path);
    try {
      if (route) await route(request, response);
      else respond(response, 404, { error: `there is no ${path}`, paths: [...this.#routes.keys()] });
    } catch (error) {
      this.#parts.telemetry({ kind: "warning", text: `${path} could not be served`, error });
      if (response.headersSent) response.destroy();
      else respond(response, 500, { error: "this page could not be made; the log has the reason" });
    }
  }
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
