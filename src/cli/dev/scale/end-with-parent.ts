/**
 * Loaded into the workers of `dev --scale`: they end when the process that started them has ended without a word, since
 * nobody else would end them.
 */
const parent = process.ppid;
const LOOK_MS = 1_000;

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
}, LOOK_MS).unref();
