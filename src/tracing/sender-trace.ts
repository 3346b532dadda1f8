import type { ReceivedMessage } from "../pipeline/ports/queue.js";
import type { TraceContext } from "../pipeline/ports/trace.js";

/** Of the version that everybody writes; what a later one adds behind isn't for us. */
const W3C = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
const STATE = /^[\x20-\x7e]{1,512}$/;
const X_RAY = /(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})\s*(?:;|$)/;
const X_RAY_PARENT = /(?:^|;)\s*Parent=(?!0{16})([0-9a-f]{16})\s*(?:;|$)/;
const X_RAY_SAMPLED = /(?:^|;)\s*Sampled=([01])\s*(?:;|$)/;

/** Python's instrumentation of boto3 wrote all of its attributes so for years. */
const PREFIXES = ["", "otel."] as const;
const NAME = "traceparent";

/** Where in a trace a message stands: the span of its run, else what its sender wrote. */
export function traceOf(message: ReceivedMessage): TraceContext | undefined {
  return message.trace ?? sentTrace(message);
}

/**
 * What a message's sender wrote of its trace, anywhere that is known: attributes, an envelope of SNS's with attributes of
 * its own, the headers of a Celery task, the AWSTraceHeader. All of that comes from outside, so anything but the exact
 * form counts as none.
 */
export function sentTrace({ attributes, traceHeader, body }: ReceivedMessage): TraceContext | undefined {
  return (
    (attributes.size > 0 ? byNames((name) => attributes.get(name)?.string) : undefined) ??
    inBody(body) ??
    (traceHeader === undefined ? undefined : ofXRay(traceHeader))
  );
}

/** Where an X-Ray header has a root alone, as load balancers write it: the end of the trace's id, since there is no span. */
export function standInSpan(traceId: string): string {
  return traceId.slice(16);
}

/** The context of a `traceparent` and its `tracestate`; undefined where that isn't one. */
export function ofW3c(parent: unknown, state?: unknown): TraceContext | undefined {
  const found = typeof parent === "string" ? W3C.exec(parent) : null;
  if (!found) return undefined;
  const [, traceId, spanId, flags] = found as unknown as [string, string, string, string];
  const kept = typeof state === "string" && STATE.test(state) ? { state } : {};
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1, ...kept };
}

/** The context of an X-Ray header; undefined where it has no root. */
export function ofXRay(header: string): TraceContext | undefined {
  const root = X_RAY.exec(header);
  if (!root) return undefined;
  const traceId = `${root[1]}${root[2]}`;
  const parent = X_RAY_PARENT.exec(header)?.[1];
  const spanId = parent ?? standInSpan(traceId);
  // W3C has no name for a trace, or a span, of zeros alone.
  if (/^0+$/.test(spanId)) return undefined;
  const sampled = X_RAY_SAMPLED.exec(header)?.[1];
  return { traceId, spanId, sampled: parent === undefined || sampled === undefined ? undefined : sampled === "1" };
}

function byNames(textOf: (name: string) => unknown): TraceContext | undefined {
  for (const prefix of PREFIXES) {
    const found = ofW3c(textOf(`${prefix}${NAME}`), textOf(`${prefix}tracestate`));
    if (found) return found;
  }
  return undefined;
}

/** Most bodies have none: looking is cheaper than parsing. Celery's are base64, whose `{"` is `ey`. */
function inBody(body: string): TraceContext | undefined {
  const json = body.startsWith("ey") ? Buffer.from(body, "base64").toString("utf8") : body;
  if (!json.includes(NAME)) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return undefined;
  }
  const { TopicArn, MessageAttributes, Message, headers, properties } = objectOf(parsed);
  if (typeof TopicArn === "string") {
    const published = objectOf(MessageAttributes);
    return (
      byNames((name) => objectOf(published[name]).Value) ?? (typeof Message === "string" ? inBody(Message) : undefined)
    );
  }
  if (typeof properties !== "object") return undefined;
  const sent = objectOf(headers);
  return byNames((name) => sent[name]) ?? byNames((name) => objectOf(sent.headers)[name]);
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
