import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sleep } from "./clock.mjs";
import { Contestant, controlOf, startServer } from "./contestant.mjs";

const FOLDER = fileURLToPath(new URL("profiles", import.meta.url));
const SAMPLE_MICROS = 500;
const FUNCTIONS_SHOWN = 40;
const SLOTS = 80;

/** Runs one contestant as rows 1 and 15 to 17 do, under V8's CPU profiler; leaves the profiles in `bench/profiles` and sums them up. */
export async function profile(name, { seconds, bodyBytes }) {
  const folder = join(FOLDER, `${name.replaceAll(/[^\w=-]+/g, "-")}-${bodyBytes}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const server = await startServer("server.mjs");
  const control = controlOf(server);
  await control.reset({ mode: "endless", bodyBytes });
  const contestant = new Contestant(name, server.url, { CONCURRENCY: String(SLOTS) }, [
    "--cpu-prof",
    `--cpu-prof-dir=${folder}`,
    `--cpu-prof-interval=${SAMPLE_MICROS}`,
  ]);
  try {
    await contestant.until("deleted message", async () => (await control.stats()).deleted > 0);
    await sleep(seconds * 1000);
    contestant.signal("SIGTERM");
    await contestant.exited;
    const { deleted } = await control.stats();
    const files = readdirSync(folder).filter((file) => file.endsWith(".cpuprofile"));
    return files.map((file) => summary(join(folder, file), deleted)).join("\n\n");
  } finally {
    await contestant.end();
    server.stop();
  }
}

/** One thread's profile: self time by package and by function, in microseconds a message. */
function summary(path, messages) {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, "utf8"));
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const packages = new Map();
  const functions = new Map();
  samples.forEach((id, index) => {
    const { functionName, url, lineNumber } = frames.get(id);
    const owner = url ? ownerOf(url) : functionName;
    const place = url ? `${functionName || "(anonymous)"}  ${owner} ${url.split("/").at(-1)}:${lineNumber + 1}` : owner;
    packages.set(owner, (packages.get(owner) ?? 0) + timeDeltas[index]);
    functions.set(place, (functions.get(place) ?? 0) + timeDeltas[index]);
  });
  const lines = (totals, limit) =>
    [...totals]
      .sort(([, a], [, b]) => b - a)
      .slice(0, limit)
      .map(([key, micros]) => `${(micros / messages).toFixed(2).padStart(8)}  ${key}`);
  return [
    `${path.slice(FOLDER.length + 1)}: ${messages} messages, self time in µs a message`,
    ...lines(packages, 20),
    "",
    ...lines(functions, FUNCTIONS_SHOWN),
    "",
    "of our own",
    ...lines(new Map([...functions].filter(([place]) => place.includes("queuehand/"))), FUNCTIONS_SHOWN),
  ].join("\n");
}

/** The package that a file belongs to; ours by folder. */
function ownerOf(url) {
  const [, inside] = url.match(/.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/) ?? [];
  if (inside) return inside;
  const [, own] = url.match(/\/dist\/(.*?)[^/]*$/) ?? [];
  if (own !== undefined) return `queuehand/${own}`;
  return url.startsWith("node:") ? url.split("/")[0] : "bench";
}
