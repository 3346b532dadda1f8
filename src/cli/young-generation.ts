import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

const LIMIT_BYTES = 16 * 1024 * 1024;
const LOOK_MS = 100;

/**
 * Stops V8's young generation from growing past 16 MB. At full speed V8 lets it grow to 134 MB, most of what a worker
 * takes, and a message costs as much CPU either way (docs/decisions/003). The flag that Node has for it counts only on
 * node's own command line; the growth factor is read at each growth, so setting it to 1 holds whatever was reached.
 */
export function boundYoungGeneration(): void {
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    if (young && young.space_size < LIMIT_BYTES) return;
    clearInterval(timer);
    setFlagsFromString("--semi-space-growth-factor=1");
  }, LOOK_MS);
  timer.unref();
}
