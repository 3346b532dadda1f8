import type { request as httpRequest } from "node:http";
import { connect } from "node:net";

const KNOCK_MS = 2_000;

/** Undefined when somebody accepts connections there, else why not. */
export function knock({ hostname, port, protocol }: URL): Promise<string | undefined> {
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[(.*)\]$/, "$1");
    const socket = connect({ host, port: Number(port) || (protocol === "https:" ? 443 : 80), timeout: KNOCK_MS });
    const end = (fault?: string) => {
      socket.destroy();
      resolve(fault);
    };
    socket.once("connect", () => end());
    socket.once("timeout", () => end(`no answer in ${KNOCK_MS / 1000} s`));
    socket.once("error", (error) => end(faultIn(error)));
  });
}

/** Undefined when a GET of the URL is answered with 2xx, else why not. */
export function ask(url: URL, request: typeof httpRequest): Promise<string | undefined> {
  return new Promise((resolve) => {
    // On a connection of its own: one that is kept alive may be of the process before.
    const asked = request(url, { method: "GET", agent: false, timeout: KNOCK_MS });
    asked.once("timeout", () => asked.destroy(new Error(`no answer in ${KNOCK_MS / 1000} s`)));
    asked.once("error", (error) => resolve(faultIn(error)));
    asked.once("response", ({ statusCode = 0 }) => {
      asked.destroy();
      resolve(statusCode >= 200 && statusCode <= 299 ? undefined : `${url.pathname} answers ${statusCode}`);
    });
    asked.end();
  });
}

/** Of several addresses the error has no words of its own. */
export function faultIn(error: Error): string {
  return error.message || (error as NodeJS.ErrnoException).code || "refused";
}
