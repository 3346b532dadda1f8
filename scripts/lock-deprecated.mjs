/**
 * Names what package-lock.json ships that its makers have given up, which is how they often say of a version that it has
 * a fault. npm writes down what the registry said when the lock file was last made, so that nobody need be asked; what
 * was found since is only for `npm audit` to tell.
 *
 *   node scripts/lock-deprecated.mjs   exits 1 if there is any
 */
import { readFileSync } from "node:fs";

const LOCK = new URL("../package-lock.json", import.meta.url);

const { packages } = JSON.parse(readFileSync(LOCK, "utf8"));
const given = Object.entries(packages).filter(([, { deprecated, dev }]) => deprecated && !dev);
for (const [path, { version, deprecated }] of given) console.error(`${path} ${version}: ${deprecated}`);
process.exitCode = given.length > 0 ? 1 : 0;
