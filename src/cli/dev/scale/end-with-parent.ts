/**
 * Loaded into the workers of `dev --scale`: they end when the process that started them has ended without a word, since
 * nobody else would end them.
 */
// Told by who started it: by the time that this is read it may be gone already, and another process the parent.
const parent = Number(process.env.QUEUEHAND_DEV_PARENT);
const LOOK_MS = 1_000;

function look(): void {
  if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
}

look();
setInterval(look, LOOK_MS).unref();
