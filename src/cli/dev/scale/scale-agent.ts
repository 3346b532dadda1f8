/**
 * The agent that workers of `dev --scale` run: it works for as long as its message says, and marks when it starts and
 * ends on a descriptor that `dev` reads, so that nothing has to be believed that workers say of themselves.
 */
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../../agents/context.js";
import type { Message } from "../../../agents/message.js";
import { MARKS_FD, READY_AT_VARIABLE } from "./marks.js";

interface Body {
  readonly n: number;
  readonly workMs: number;
  readonly poison?: true;
}

// A task takes its time to start, whatever its process does.
await sleep(Math.max(0, Number(process.env[READY_AT_VARIABLE] ?? 0) - Date.now()));

export default async function scaleAgent(message: Message<Body>, context: Context): Promise<void> {
  const { n, workMs, poison } = message.body;
  mark("s", n);
  try {
    await sleep(workMs, undefined, { signal: context.signal });
    if (poison) throw new Error("a poisoned message");
  } catch (error) {
    mark("f", n);
    throw error;
  }
  mark("d", n);
}

/** Written at once: what is marked has been told, whatever happens to this process next. */
function mark(what: "s" | "d" | "f", n: number): void {
  writeSync(MARKS_FD, `${what} ${n} ${performance.timeOrigin + performance.now()}\n`);
}
