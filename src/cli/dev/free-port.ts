import { createServer } from "node:net";

const TRIED = 20;

/** The first port from `first` on that is free on `host`; 0 (any) when none of the next ones is. */
export async function freePort(first: number, host: string): Promise<number> {
  for (let port = first; port < first + TRIED; port++) if (await isFree(port, host)) return port;
  return 0;
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
