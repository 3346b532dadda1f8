import { randomBytes } from "node:crypto";
import type { MessageAttribute } from "../../pipeline/ports/queue.js";
import type { TraceContext } from "../../pipeline/ports/trace.js";
import { ofW3c } from "../../tracing/sender-trace.js";
import { traceparentOf } from "../../tracing/trace-headers.js";
import { UsageError } from "../command-line.js";

/** A pointer to a large body needs one of SQS's ten as well. */
const ATTRIBUTES_MAX = 9;

/**
 * The trace that messages are to be part of: what `--trace` names, else what TRACEPARENT does, as a program finds it that
 * a worker runs.
 * @param asked a traceparent, `new` to begin a trace, or `off`; undefined: the environment's.
 * @throws UsageError when it is none of these.
 */
export function traceToSend(
  asked: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): TraceContext | undefined {
  switch (asked) {
    case undefined:
      return ofW3c(env.TRACEPARENT, env.TRACESTATE);
    case "off":
      return undefined;
    case "new":
      // The root of a trace that whoever reads the message records.
      return { traceId: randomBytes(16).toString("hex"), spanId: randomBytes(8).toString("hex"), sampled: true };
    default: {
      const trace = ofW3c(asked);
      if (trace) return trace;
      throw new UsageError(
        `--trace must be a traceparent (00-TRACE-SPAN-01), new or off, got ${JSON.stringify(asked)}`,
      );
    }
  }
}

/** Attributes with a message's trace among them, where they leave room for it; one that was given as such stays. */
export function withTrace(
  attributes: ReadonlyMap<string, MessageAttribute>,
  trace: TraceContext | undefined,
): ReadonlyMap<string, MessageAttribute> {
  if (!trace || attributes.has("traceparent")) return attributes;
  const added: [string, MessageAttribute][] = [["traceparent", { type: "String", string: traceparentOf(trace) }]];
  if (trace.state !== undefined) added.push(["tracestate", { type: "String", string: trace.state }]);
  return attributes.size + added.length > ATTRIBUTES_MAX ? attributes : new Map([...attributes, ...added]);
}
