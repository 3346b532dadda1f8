/**
 * What it costs to run each key once: calls to the table and CPU of this process for a message, against the same agent
 * without a table. Handlers are called as the worker calls them, without a queue; the table is a server of DynamoDB's
 * protocol in a process of its own that says yes to everything.
 *
 *   npm run build && node bench/idempotency.mjs [--messages 5000] [--json]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { parseArgs } from "node:util";

const AT_ONCE = 20;
const ROUNDS = 5;

if (process.send) serve();
else await measure();

/** The server: counts its calls, and tells them when it is asked over the channel. */
function serve() {
  let calls = 0;
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      calls++;
      response
        .writeHead(200, { "Content-Type": "application/x-amz-json-1.0" })
        .end('{"Attributes":{"fence":{"N":"1"}}}');
    });
  });
  server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
  process.on("message", () => process.send({ calls }));
  process.on("disconnect", () => process.exit());
}

async function measure() {
  const { values: options } = parseArgs({
    options: { messages: { type: "string", default: "5000" }, json: { type: "boolean", default: false } },
  });
  const count = Number(options.messages);
  const { InProcessHandler } = await import("../dist/agents/in-process.js");
  const { OnceHandler } = await import("../dist/agents/once.js");
  const { DynamoDbIdempotency } = await import("../dist/aws/dynamodb-idempotency.js");
  const { keyFinder } = await import("../dist/pipeline/idempotency-key.js");
  const { systemClock } = await import("../dist/pipeline/clock.js");

  const table = fork(new URL(import.meta.url).pathname);
  const ask = async (question) => {
    if (question) table.send(question);
    return (await once(table, "message"))[0];
  };
  const { port } = await ask();
  const calls = async () => (await ask("calls")).calls;

  const agent = new InProcessHandler(
    async () => {},
    () => console,
  );
  const guarded = new OnceHandler({
    handler: agent,
    table: new DynamoDbIdempotency({
      table: "keys",
      keepSeconds: 3600,
      region: "us-east-1",
      endpoint: `http://127.0.0.1:${port}`,
      credentials: async () => ({ accessKeyId: "key", secretAccessKey: "secret" }),
    }),
    keyOf: keyFinder("body:/order"),
    scope: "bench",
    leaseSeconds: 120,
    keepSeconds: 3600,
    onError: "closed",
    clock: systemClock,
    telemetry: (fact) => fact.kind === "warning" && console.error(fact.text, fact.error),
  });
  const run = { signal: new AbortController().signal, deadline: Date.now() + 900_000, extend: () => 0, progress() {} };
  let made = 0;
  const message = (order) => ({
    id: `message-${++made}`,
    handle: "handle",
    body: JSON.stringify({ order, text: "x".repeat(230) }),
    attributes: new Map(),
    receiveCount: 1,
    sentAt: Date.now(),
    intact: true,
  });

  /** Microseconds of CPU and calls to the table, a message. */
  async function cost(handler, orderOf, total) {
    const callsBefore = await calls();
    const before = process.cpuUsage();
    const startedAt = performance.now();
    let next = 0;
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (next < total) {
          const { kind, reason } = await handler.run(message(orderOf(next++)), run);
          if (kind !== "done") throw new Error(`a message ended as ${kind}: ${reason}`);
        }
      }),
    );
    const { user, system } = process.cpuUsage(before);
    const perSecond = (total * 1000) / (performance.now() - startedAt);
    return { cpuMicros: (user + system) / total, perSecond, calls: ((await calls()) - callsBefore) / total };
  }

  const kinds = {
    "without a table": (round) => cost(agent, (n) => `${round}-${n}`, count),
    "each key once": (round) => cost(guarded, (n) => `${round}-${n}`, count),
    "repetitions of what was done here": async () => {
      await guarded.run(message("again"), run);
      return cost(guarded, () => "again", count);
    },
  };
  for (const kind of Object.values(kinds)) await kind("warm");
  const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
  const results = {};
  for (const [name, kind] of Object.entries(kinds)) {
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await kind(round));
    results[name] = {
      callsPerMessage: median(rounds.map((one) => one.calls)),
      cpuMicrosPerMessage: Math.round(median(rounds.map((one) => one.cpuMicros)) * 10) / 10,
      messagesPerSecond: Math.round(median(rounds.map((one) => one.perSecond))),
    };
  }
  await guarded.stop();
  table.disconnect();
  if (options.json) console.log(JSON.stringify(results));
  else console.table(results);
}
