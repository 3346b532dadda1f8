/**
 * What an open page costs a busy worker: row 1's load, in turns of two seconds with nobody, one viewer and a hundred.
 * A viewer is what a page asks for: the stream, and messages and errors every two seconds. One line each: messages a
 * second, and the worker's own CPU a message.
 *
 *   npm run build && node bench/page-cost.mjs [--turns 8] [--json]
 */
import { readFileSync } from "node:fs";
import { get } from "node:http";
import { parseArgs } from "node:util";
import { sleep } from "./clock.mjs";
import { Contestant, controlOf, startServer } from "./contestant.mjs";

const { values } = parseArgs({
  options: { turns: { type: "string", default: "8" }, json: { type: "boolean", default: false } },
});
const PORT = 18_433;
const SLOTS = 80;
const TURN_MS = 2_000;
const SETTLE_MS = 500;
const TICKS_PER_SECOND = 100;

/** Milliseconds of processor time that a process has used. */
function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND;
}

/** Opens so many pages; returns what closes them. */
function open(viewers) {
  const url = `http://127.0.0.1:${PORT}`;
  const streams = Array.from({ length: viewers }, () =>
    get(`${url}/api/events`, { agent: false }, (response) => response.resume()).on("error", () => {}),
  );
  const ask = () => {
    for (let viewer = 0; viewer < viewers; viewer++) {
      for (const path of ["/api/messages", "/api/errors"]) {
        get(url + path, (response) => response.resume()).on("error", () => {});
      }
    }
  };
  const timer = setInterval(ask, 2_000);
  return () => {
    clearInterval(timer);
    for (const stream of streams) stream.destroy();
  };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

const server = await startServer("server.mjs");
const control = controlOf(server);
await control.reset({ mode: "endless", bodyBytes: 256 });
const worker = new Contestant("queuehand", server.url, { CONCURRENCY: String(SLOTS), HTTP_PORT: String(PORT) });
const found = new Map([0, 1, 100].map((viewers) => [viewers, []]));
try {
  await worker.until("deleted message", async () => (await control.stats()).deleted > 0);
  await sleep(3_000);
  for (let turn = 0; turn < Number(values.turns); turn++) {
    for (const [viewers, runs] of found) {
      const close = open(viewers);
      await sleep(SETTLE_MS);
      const before = { deleted: (await control.stats()).deleted, cpu: cpuMs(worker.pid), at: performance.now() };
      await sleep(TURN_MS);
      const deleted = (await control.stats()).deleted - before.deleted;
      const seconds = (performance.now() - before.at) / 1_000;
      runs.push({ perSecond: deleted / seconds, cpuMicros: ((cpuMs(worker.pid) - before.cpu) * 1_000) / deleted });
      close();
    }
  }
} finally {
  await worker.end();
  server.stop();
}
const rows = [...found].map(([viewers, runs]) => ({
  viewers,
  perSecond: Math.round(median(runs.map(({ perSecond }) => perSecond))),
  cpuMicros: Number(median(runs.map(({ cpuMicros }) => cpuMicros)).toFixed(1)),
}));
if (values.json) console.log(JSON.stringify(rows));
else {
  for (const { viewers, perSecond, cpuMicros } of rows) {
    const kept = ((perSecond / rows[0].perSecond) * 100).toFixed(1);
    console.log(`${viewers} viewers: ${perSecond} messages/s (${kept} %), ${cpuMicros} µs of CPU a message`);
  }
}
