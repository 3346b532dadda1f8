/**
 * Bundles a Lambda function into a zip with one file, index.mjs:
 *
 *   node scripts/bundle.mjs infra/keeper/index.ts build/keeper.zip
 *   node scripts/bundle.mjs my-agent.mjs build/agent.zip        (export const handler = toLambda(agent))
 *
 * The same input gives the same bytes, and the last line is their hash: a name under which a bucket can keep them.
 */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { build } from "esbuild";

/** Packages that are no ES modules ask for `require`, which a bundle in ES module form doesn't have. */
const REQUIRE = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** A zip archive with one file in it. Dated 1980-01-01, the format's first day, so that equal files make equal archives. */
function zip(name, content) {
  const file = Buffer.from(name);
  const packed = deflateRawSync(content, { level: 9 });
  const header = Buffer.alloc(26);
  header.writeUInt16LE(20, 0); // version that can read it: 2.0
  header.writeUInt16LE(8, 4); // deflated
  header.writeUInt16LE(0x21, 8); // 1980-01-01
  header.writeUInt32LE(crc32(content), 10);
  header.writeUInt32LE(packed.length, 14);
  header.writeUInt32LE(content.length, 18);
  header.writeUInt16LE(file.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04"), header, file, packed]);
  const attributes = Buffer.alloc(14);
  attributes.writeUInt32LE((0o100644 << 16) >>> 0, 6); // readable by the user that Lambda runs it as
  const madeBy = Buffer.from([20, 3]); // on Unix, so that those attributes count
  const central = Buffer.concat([Buffer.from("PK\x01\x02"), madeBy, header, attributes, file]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from("PK\x05\x06"), end]);
}

const [entry, output] = process.argv.slice(2);
if (!entry || !output) {
  console.error("Usage: node scripts/bundle.mjs ENTRY OUTPUT.zip");
  process.exit(64);
}
const { outputFiles } = await build({
  entryPoints: [entry],
  bundle: true,
  write: false,
  platform: "node",
  format: "esm",
  target: "node22",
  minify: true,
  banner: { js: REQUIRE },
  logLevel: "error",
});
const archive = zip("index.mjs", Buffer.from(outputFiles[0].contents));
await mkdir(dirname(output), { recursive: true });
await writeFile(output, archive);
console.log(createHash("sha256").update(archive).digest("hex").slice(0, 16));
