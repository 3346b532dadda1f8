// A web service as the agent: the worker posts each message to /run. Any language will do; this one needs no package.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

/** What to answer to a body: 2xx deletes the message, 422 rejects it, 503 with Retry-After makes it come again then. */
export function answer(body) {
  try {
    const { name } = JSON.parse(body);
    if (typeof name === "string") return [200, `hello ${name}`];
  } catch {
    // Told below, like a body without a name.
  }
  return [422, "the body has no name"];
}

export const server = createServer(async (request, response) => {
  const ofRun = request.method === "POST" && request.url === "/run";
  const [status, said] = ofRun ? answer(await text(request)) : [404, "POST /run is all there is"];
  console.log(said);
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(`${said}\n`);
});
// Longer than the worker keeps a connection idle between two messages, mostly.
server.keepAliveTimeout = 60_000;

if (import.meta.main ?? process.argv[1] === import.meta.filename) {
  server.listen(Number(process.env.PORT ?? 8000), "127.0.0.1");
  process.once("SIGTERM", () => server.close());
}
