/**
 * Records `queuehand dev --scale` as the animated picture that opens the README.
 *
 *   npm run build && node scripts/record-scale.mjs [RUN.jsonl] [--out docs/images/dev-scale.svg] [--help]
 *
 * Without RUN.jsonl it runs dev --scale for a good minute and keeps its lines in a temporary file, whose path it tells;
 * with it, it draws what `dev --scale --json` wrote there. The same lines give the same picture.
 */
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { filmOf } from "./scale-film/film.mjs";
import { recordingOf } from "./scale-film/recording.mjs";

const HELP = `Usage: node scripts/record-scale.mjs [RUN.jsonl] [--out FILE]

Draws an animated SVG of a run of "queuehand dev --scale --json"; without RUN.jsonl it makes one first.

  --out FILE   where the picture goes (default: docs/images/dev-scale.svg)
  --help       prints this`;

/** A calm start, a burst of ten times the load, a kill, a freeze, a cut and a deployment in it, and the calm after it. */
const RUN = [
  ...["dev", "--scale", "--json", "--http-port", "off", "--speed", "20", "--for", "72"],
  ...["--load", "bursts:30..300", "--at", "120", "--burst", "660", "--period", "3600"],
  ...["kill@20", "freeze@23", "cut@26", "deploy@32"].flatMap((action) => ["--do", action]),
];

const { values, positionals } = parseArgs({
  options: { out: { type: "string", default: "docs/images/dev-scale.svg" }, help: { type: "boolean" } },
  allowPositionals: true,
});
if (values.help) {
  console.log(HELP);
} else {
  const lines = await readFile(positionals[0] ?? (await run()), "utf8");
  const svg = filmOf(recordingOf(lines));
  await writeFile(values.out, svg);
  console.log(`${values.out}: ${Math.round(svg.length / 1024)} KiB`);
}

/** Resolves with the path of the lines. */
async function run() {
  const path = join(await mkdtemp(join(tmpdir(), "queuehand-scale-")), "run.jsonl");
  console.log(`recording to ${path}`);
  const child = spawn(process.execPath, ["dist/cli.js", ...RUN], { stdio: ["ignore", "pipe", "inherit"] });
  await finished(child.stdout.pipe(createWriteStream(path)));
  const code = child.exitCode ?? (await new Promise((resolve) => child.once("exit", resolve)));
  if (code !== 0) throw new Error(`dev --scale ended with ${code}: see ${path}`);
  return path;
}
