import { createServer } from "node:net";
import { type Config, ConfigError } from "../config/config.js";

/**
 * Refuses a start whose HTTP_PORT can't be had, before anything is received: who asks for a port has somebody who will
 * look there, a health check at least. Port 0 is any free one and always to be had.
 * @param name of the setting or option that says it.
 * @throws ConfigError with what to change.
 */
export async function checkHttpPort(http: Config["http"], name = "HTTP_PORT"): Promise<void> {
  if (!http || http.port === 0) return;
  const code = await faultOf(http);
  const { host, port } = http;
  switch (code) {
    case undefined:
      return;
    case "EADDRINUSE":
      throw new ConfigError([
        `${name} must be free on ${host}, got "${port}", which another program has: ${name === "HTTP_PORT" ? 'set HTTP_PORT to another port, to 0 for any free one (the line "health and metrics served" tells which), or to off' : `give ${name} another one, or 0 for any free one`}`,
      ]);
    case "EACCES":
      throw new ConfigError([`${name} must be one that this user may open, got "${port}": ports from 1024 on are`]);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      throw new ConfigError([`HTTP_HOST must be an address of this machine, got "${host}"`]);
    default:
      throw new ConfigError([`${name} ${port} can't be opened on ${host}: ${code}`]);
  }
}

function faultOf({ host, port }: { readonly host: string; readonly port: number }): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", ({ code, message }: NodeJS.ErrnoException) => resolve(code ?? message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
