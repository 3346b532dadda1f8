import { afterAll } from "@jest/globals";

/*
 * Each test file has a copy of the code of its own, and each copy listens to the one stdout that a process of jest has.
 * What a file brought there goes with it, so that eleven files don't look like a leak.
 */
const before = new Set(process.stdout.listeners("error"));

afterAll(() => {
  for (const listener of process.stdout.listeners("error")) {
    if (!before.has(listener)) process.stdout.off("error", listener as () => void);
  }
});
