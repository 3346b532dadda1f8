/** How a process ended: its exit code, or the signal that killed it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Of a line on stderr, so many characters are told. */
const LINE_MAX = 500;
/** What the kernel sends when memory runs out, and what V8 does to itself. */
const FOR_WANT_OF_MEMORY = ["SIGKILL", "SIGABRT"];

/** How a process ended that should not have ended so: "ended with exit code 1: no network". */
export function howItEnded({ code, signal }: Exit, errorLine: string): string {
  const memory = signal !== null && FOR_WANT_OF_MEMORY.includes(signal) ? ", perhaps for want of memory" : "";
  const how = signal === null ? `ended with exit code ${code}` : `was killed by ${signal}${memory}`;
  return errorLine ? `${how}: ${errorLine.slice(0, LINE_MAX)}` : how;
}
