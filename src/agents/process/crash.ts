import type { Exit } from "./exit.js";

/**
 * What a process brings upon itself. SIGKILL is among them, since the kernel gives it to whoever holds most when memory
 * runs out; what others send to have a process end (SIGTERM, SIGHUP, SIGINT) is not.
 */
const OWN_DOING: ReadonlySet<string> = new Set([
  "SIGSEGV",
  "SIGBUS",
  "SIGILL",
  "SIGFPE",
  "SIGABRT",
  "SIGTRAP",
  "SIGSYS",
  "SIGXCPU",
  "SIGXFSZ",
  "SIGKILL",
] satisfies NodeJS.Signals[]);

/** The signal that an agent's process died of by its own doing; undefined for any other end. */
export function crashOf({ signal }: Exit): string | undefined {
  return signal !== null && OWN_DOING.has(signal) ? signal : undefined;
}
