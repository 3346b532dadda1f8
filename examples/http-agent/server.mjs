// An agent as a web service: what Elastic Beanstalk's worker daemon posts to runs here unchanged.
// Body: {"task_id": "42"}; 2xx deletes the message, 422 rejects it, 503 with Retry-After makes it come again then.
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const PORT = Number(process.env.PORT ?? 8000);
const BODY_BYTES_MAX = 1_048_576;

async function work(request) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) return [422, "the body is too long"];
    parts.push(part);
  }
  let task;
  try {
    task = JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    return [422, "the body is no JSON"];
  }
  if (task?.task_id === undefined) return [422, 'the body has no "task_id"'];
  await sleep(20); // the work
  if (task.busy && request.headers["x-aws-sqsd-receive-count"] === "1") return [503, "busy", { "Retry-After": "1" }];
  return [200, `task ${task.task_id} done, message ${request.headers["x-aws-sqsd-msgid"]}`];
}

const server = createServer(async (request, response) => {
  const [status, text, headers] =
    request.method === "POST" && request.url === "/run" ? await work(request) : [404, "POST /run is all there is"];
  response.writeHead(status, { "Content-Type": "text/plain", ...headers }).end(`${text}\n`);
});
// Longer than the worker keeps a connection idle between two messages, mostly.
server.keepAliveTimeout = 60_000;
server.listen(PORT, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
