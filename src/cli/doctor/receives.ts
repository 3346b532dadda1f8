import type { Config } from "../../config/config.js";
import { bad, type Finding, ok, warn } from "./finding.js";

/** Fewer leave no tries for failures once a receive or two were spent otherwise. */
const RECEIVES_LEAST = 5;
/** What failures should have. */
const TRIES = 3;

/** maxReceiveCount × the receives that these settings can spend on something else than a failure. */
export function receivesFinding(
  { handlerTimeoutSeconds: agent, shutdownTimeoutSeconds: stop }: Config,
  maxReceiveCount: number,
): Finding {
  const about = "dead letters";
  const spent = [
    "a task that is killed hard spends one",
    "a wait for a slot in a fleet one at most",
    ...(agent > stop ? ["a stop that interrupts an agent one"] : []),
  ];
  const wanted = TRIES + spent.length;
  if (maxReceiveCount >= wanted) return ok(about, `maxReceiveCount is ${maxReceiveCount}`);
  const find = maxReceiveCount < RECEIVES_LEAST ? bad : warn;
  const text = `maxReceiveCount is ${maxReceiveCount}: ${spent.join(", ")}, and failures should have ${TRIES}`;
  return find(about, text, `set it to ${wanted} or more`);
}
