/**
 * Completes package-lock.json for every platform.
 *
 * npm leaves an optional package out of the lock file where the registry at hand doesn't serve it, and `npm ci` then
 * refuses the lock file on every machine. Such packages are always the builds of one program for other platforms, with
 * an exact version in their parent, so their entries can be written without asking anybody.
 *
 *   node scripts/lock-platforms.mjs           adds what is missing
 *   node scripts/lock-platforms.mjs --check   exits 1 if anything is missing, and says what
 */
import { readFileSync, writeFileSync } from "node:fs";

const LOCK = new URL("../package-lock.json", import.meta.url);
const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];
const LIBRARIES = { gnu: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl" };

/** Where Node would find `name` from the package at `path`, as a key of the lock file; undefined if nowhere. */
function find(packages, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const key = folder ? `${folder}/node_modules/${name}` : `node_modules/${name}`;
    if (packages[key]) return key;
    if (!folder) return undefined;
  }
}

/** The lock-file entry of a platform package, by the platform that its name tells. */
function entry(name, version, parent) {
  const words = name.split(/[/-]/);
  const os = words.filter((word) => SYSTEMS.includes(word));
  const cpu = words.filter((word) => PROCESSORS.includes(word));
  const libc = words.flatMap((word) => LIBRARIES[word] ?? []);
  if (os.length + cpu.length === 0) throw new Error(`${name} is missing and its name tells no platform`);
  return {
    version,
    ...(cpu.length > 0 && { cpu }),
    ...(parent.dev && { dev: true }),
    ...(libc.length > 0 && { libc }),
    optional: true,
    ...(os.length > 0 && { os }),
  };
}

const lock = JSON.parse(readFileSync(LOCK, "utf8"));
const missing = {};
for (const [path, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (find(lock.packages, path, name)) continue;
    if (!/^\d+\.\d+\.\d+/.test(version))
      throw new Error(`${name} is missing, and ${path} names no exact version of it`);
    const top = `node_modules/${name}`;
    const key = missing[top] && missing[top].version !== version ? `${path}/${top}` : top;
    missing[key] = entry(name, version, parent);
  }
}

const keys = Object.keys(missing);
if (process.argv.includes("--check")) {
  if (keys.length > 0) {
    console.log(`package-lock.json lacks ${keys.length} platform packages: ${keys.join(", ")}`);
    console.log("Run: node scripts/lock-platforms.mjs");
    process.exitCode = 1;
  }
} else if (keys.length > 0) {
  const sorted = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, "en"));
  writeFileSync(LOCK, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  console.log(`added ${keys.length} platform packages to package-lock.json`);
}
