import type { Config } from "../config/config.js";
import type { Clock, Timer } from "../pipeline/ports/clock.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import { maskedValue } from "../text/masked.js";

/** An agent that isn't ready after so long is worth a line, and then one every so often. */
const FIRST_MS = 5_000;
const NEXT_MS = 20_000;
const COMMAND_MAX = 200;

/** The last part of the queue's URL, by which people and metrics know it. */
export function queueNameOf({ queueUrl }: Pick<Config, "queueUrl">): string {
  return maskedValue(queueUrl).split("/").at(-1)!;
}

/** What a worker is about to do, in a few words: `10 slots of ./agent.mjs on the queue tasks`. */
export function inShort({ concurrency, handler, isolation, queueUrl }: Config): string {
  const agent = handler && ` of ${nameOf(handler)}`;
  const apart = handler?.kind === "module" && isolation !== "none" ? ` (${isolation})` : "";
  return `${concurrency} slots${agent ?? ""}${apart} on the queue ${queueNameOf({ queueUrl })}`;
}

/** Tells what the start waits for while it does; until the returned function is called. */
export function tellOfWaiting(
  { handler }: Pick<Config, "handler">,
  { clock, telemetry }: { readonly clock: Clock; readonly telemetry: Telemetry },
): () => void {
  const since = clock.monotonic();
  let timer: Timer;
  const wait = (ms: number) => {
    timer = clock.setTimer(() => {
      const seconds = Math.round((clock.monotonic() - since) / 1000);
      telemetry({ kind: "warning", text: `not running yet after ${seconds} s: ${wantOf(handler)}` });
      wait(NEXT_MS);
    }, ms);
  };
  wait(FIRST_MS);
  return () => clock.clearTimer(timer);
}

function wantOf(handler: Config["handler"]): string {
  switch (handler?.kind) {
    case "service":
      return `${nameOf(handler)} isn't ready`;
    case "module":
      return `${nameOf(handler)} isn't loaded`;
    default:
      return "the agent isn't ready";
  }
}

/** As HANDLER has it, but for its secrets. */
function nameOf(handler: NonNullable<Config["handler"]>): string {
  switch (handler.kind) {
    case "module":
      return maskedValue(handler.path);
    case "program":
      return maskedValue(`exec:${handler.command}`).slice(0, COMMAND_MAX);
    case "service": {
      const { origin, pathname } = new URL(handler.url);
      return `${origin}${pathname}`;
    }
  }
}
