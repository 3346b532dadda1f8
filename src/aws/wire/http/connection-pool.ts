import { type HttpAnswer, type HttpCalls, type HttpRequest, type HttpTarget, timeoutError } from "../http-calls.js";
import { isClosed, StaleConnection } from "../stale-connection.js";
import { Connection } from "./connection.js";

/** Connections that wait for a call; more are closed. */
const IDLE_MAX = 256;

/** Calls to one host without a proxy, each on a connection of its own: the one that was used last, or a new one. */
export class ConnectionPool implements HttpCalls {
  readonly #target: HttpTarget;
  readonly #open = new Set<Connection>();
  readonly #idle: Connection[] = [];
  /** Of the last connection, for the next. */
  #session: Buffer | undefined;

  constructor(target: HttpTarget) {
    this.#target = target;
  }

  async post({ headers, body, signal, timeoutMs, onBroken }: HttpRequest): Promise<HttpAnswer> {
    const bytes = Buffer.byteLength(body);
    const request = `${requestHead(this.#target.path, headers, bytes)}${body}`;
    const connection = this.#take();
    const aborted = () => connection.destroy(signal.reason);
    const late = () => connection.destroy(timeoutError(`no answer after ${timeoutMs} ms`));
    const timer = setTimeout(late, timeoutMs);
    signal.addEventListener("abort", aborted);
    try {
      const answering = connection.exchange(request, bytes === body.length ? "latin1" : "utf8");
      if (signal.aborted) aborted();
      const answer = await answering;
      if (connection.isUsable) this.#keep(connection);
      return answer;
    } catch (error) {
      const { text } = connection;
      if (text !== "") onBroken?.(text);
      throw isStale(connection, error) ? new StaleConnection(error) : error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
    }
  }

  close(): void {
    for (const connection of this.#open) connection.destroy(new Error("the connection was closed"));
  }

  #take(): Connection {
    for (let connection = this.#idle.pop(); connection; connection = this.#idle.pop()) {
      if (connection.isUsable) return connection;
      connection.destroy(undefined);
    }
    const connection = new Connection(this.#target, {
      session: this.#session,
      onSession: (session) => {
        this.#session = session;
      },
      onClose: () => this.#open.delete(connection),
    });
    this.#open.add(connection);
    return connection;
  }

  #keep(connection: Connection): void {
    if (this.#idle.length < IDLE_MAX) this.#idle.push(connection);
    else connection.destroy(undefined);
  }
}

function isStale(connection: Connection, error: unknown): error is Error {
  return isClosed(error) && connection.wasUsed && !connection.hasBegun;
}

/** @throws TypeError where a header's value would end it. */
function requestHead(path: string, headers: Readonly<Record<string, string>>, bytes: number): string {
  let head = `POST ${path} HTTP/1.1\r\n`;
  for (const name in headers) {
    const value = headers[name]!;
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
      throw new TypeError(`the header ${name} has a character that none may have`);
    head += `${name}: ${value}\r\n`;
  }
  return `${head}content-length: ${bytes}\r\nconnection: keep-alive\r\n\r\n`;
}
