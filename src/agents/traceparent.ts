import type { ReceivedMessage } from "../pipeline/ports/queue.js";

const W3C = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const X_RAY = /(?:^|;)Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)/;
const X_RAY_PARENT = /(?:^|;)Parent=([0-9a-f]{16})(?:;|$)/;

/**
 * The trace that a message belongs to, in W3C's form: its `traceparent` attribute, or what its AWSTraceHeader says.
 * Both come from the sender, so anything but the exact form counts as none.
 */
export function traceparentOf({ attributes, traceHeader }: ReceivedMessage): string | undefined {
  const given = attributes.get("traceparent")?.string;
  if (given !== undefined && W3C.test(given)) return given;
  if (traceHeader === undefined) return undefined;
  const root = X_RAY.exec(traceHeader);
  const parent = X_RAY_PARENT.exec(traceHeader);
  if (!root || !parent) return undefined;
  return `00-${root[1]}${root[2]}-${parent[1]}-${/(?:^|;)Sampled=1(?:;|$)/.test(traceHeader) ? "01" : "00"}`;
}
