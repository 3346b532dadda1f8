/**
 * What the agents of rows 20 to 22 call, as a process of its own: it takes so many calls a second, from a bucket of as many, and
 * answers the others with 429 and `Retry-After: 1`. `GET /stats` says how many it took and refused, `GET /calls` each
 * call, `{ at, served }` with monotonic milliseconds; `POST /reset` counts anew.
 */
import { createServer } from "node:http";
import { monotonicMs } from "./clock.mjs";

const ANSWER_MS = 200;

let perSecond;
let tokens;
let at;
let calls;

function reset(options) {
  perSecond = options.perSecond;
  tokens = perSecond;
  at = monotonicMs();
  calls = [];
}

function call(response) {
  const now = monotonicMs();
  tokens = Math.min(perSecond, tokens + ((now - at) / 1000) * perSecond);
  at = now;
  const served = tokens >= 1;
  calls.push({ at: now, served });
  if (!served) {
    response.writeHead(429, { "retry-after": "1" }).end();
    return;
  }
  tokens--;
  setTimeout(() => response.end("{}"), ANSWER_MS);
}

function counts() {
  const served = calls.filter((call) => call.served).length;
  return { served, refused: calls.length - served };
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  if (request.url === "/stats") response.end(JSON.stringify(counts()));
  else if (request.url === "/calls") response.end(JSON.stringify(calls));
  else if (request.url === "/reset") {
    reset(JSON.parse(Buffer.concat(parts).toString()));
    response.end("{}");
  } else call(response);
});

reset({ perSecond: 50 });
server.listen(0, "127.0.0.1", () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
