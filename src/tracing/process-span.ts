import type { Attributes, Context, Link, Span, SpanContext } from "@opentelemetry/api";
import type { Outcome, OutcomeKind } from "../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../pipeline/ports/queue.js";
import { described, isError, textOf } from "../pipeline/ports/thrown.js";
import type { TraceContext } from "../pipeline/ports/trace.js";
import { type Api, spanContextOf, type Tracing } from "./open-telemetry.js";
import { sentTrace, standInSpan } from "./sender-trace.js";

/** Longest text of an error or a reason in a span. */
const TEXT_MAX = 500;
/** Under these names other messaging systems' ids of a conversation come through a queue, whatever their case. */
const CONVERSATION = new Set(["correlationid", "correlation_id", "correlation-id", "jmscorrelationid"]);

/** One span `process QUEUE` a run, as the semantic conventions for messaging and for AWS SQS have it. */
export class ProcessSpans {
  readonly #tracing: Tracing;
  readonly #name: string;
  readonly #attributes: Attributes;

  constructor(tracing: Tracing, queueUrl: string) {
    const queue = nameOf(queueUrl);
    this.#tracing = tracing;
    this.#name = `process ${queue}`;
    // Those that a sampler may want to know.
    this.#attributes = {
      "messaging.system": "aws_sqs",
      "messaging.operation.type": "process",
      "messaging.operation.name": "process",
      "messaging.destination.name": queue,
      ...serverOf(queueUrl),
    };
  }

  /**
   * The span of a run that begins, and the context that the agent is to run in. The producer's span is its parent, since
   * it accounts for one message alone, and is linked as well. Where the sender left open whether the trace is recorded,
   * the span begins it, under the id that it has.
   */
  begin(message: ReceivedMessage): { readonly span: Span; readonly context: Context } {
    const { api, tracer } = this.#tracing;
    const sent = sentTrace(message);
    const creation = sent && spanContextOf(api, sent);
    const decided = sent?.sampled !== undefined;
    if (sent && !decided) this.#tracing.continueTrace(sent.traceId);
    const base = creation && decided ? api.trace.setSpanContext(api.ROOT_CONTEXT, creation) : api.ROOT_CONTEXT;
    const options = { kind: api.SpanKind.CONSUMER, attributes: this.#attributes, links: linksTo(sent, creation) };
    const span = tracer!.startSpan(this.#name, options, base);
    if (span.isRecording()) span.setAttributes(attributesOf(message));
    return { span, context: api.trace.setSpan(base, span) };
  }
}

/** Ends the span of a run. @param kind what the run's end is worth, which its outcome may not be after an abort. */
export function endSpan(api: Api, span: Span, kind: OutcomeKind, outcome: Outcome | undefined): void {
  span.setAttribute("queuehand.outcome", kind);
  const failure = failureOf(kind, outcome);
  if (failure) {
    const { type, text, stack } = failure;
    span.setAttribute("error.type", type);
    span.setStatus({ code: api.SpanStatusCode.ERROR, message: text });
    if (stack !== undefined) {
      const exception = { "exception.type": type, "exception.message": text, "exception.stacktrace": stack };
      span.addEvent("exception", exception);
    }
  } else if (outcome?.kind === "defer") {
    // Put off, which is no failure of the message.
    span.setAttribute("queuehand.reason", textOf(outcome.reason).slice(0, TEXT_MAX));
  }
  span.end();
}

/** `error.type` is a name: of the error's class, or of the outcome where there is no error. */
function failureOf(kind: OutcomeKind, outcome: Outcome | undefined) {
  switch (kind) {
    case "done":
    case "defer":
    case "interrupted":
      return undefined;
    case "leaseLost":
      return { type: "lease_lost", text: "the lease was lost: another may be at work on the message" };
    case "reject": {
      const reason = outcome?.kind === "reject" ? textOf(outcome.reason) : "rejected";
      return { type: "reject", text: reason.slice(0, TEXT_MAX) };
    }
    case "retry": {
      const error = outcome?.kind === "retry" ? outcome.error : undefined;
      if (!isError(error)) return { type: "_OTHER", text: textOf(error ?? "the run was aborted").slice(0, TEXT_MAX) };
      const { name, message, frames } = described(error, TEXT_MAX);
      return { type: name, text: message, ...(frames && { stack: `${name}: ${message}\n${frames}` }) };
    }
  }
}

function linksTo(sent: TraceContext | undefined, creation: SpanContext | undefined): Link[] {
  // Of a load balancer's header there is no span to link to.
  const madeUp = sent?.sampled === undefined && sent?.spanId === standInSpan(sent?.traceId ?? "");
  return creation && !madeUp ? [{ context: creation }] : [];
}

function attributesOf({ id, body, attributes, groupId, receiveCount }: ReceivedMessage): Attributes {
  const conversation = conversationOf(attributes);
  return {
    "messaging.message.id": id,
    "messaging.message.body.size": Buffer.byteLength(body),
    ...(conversation !== undefined && { "messaging.message.conversation_id": conversation }),
    "queuehand.message.receive_count": receiveCount,
    ...(groupId !== undefined && { "queuehand.message.group_id": groupId }),
  };
}

function conversationOf(attributes: ReceivedMessage["attributes"]): string | undefined {
  for (const [name, { string }] of attributes) if (CONVERSATION.has(name.toLowerCase())) return string;
  return undefined;
}

/** The last part of a queue's URL; of a name itself. */
export function nameOf(queueUrl: string): string {
  return (URL.parse(queueUrl)?.pathname ?? queueUrl).split("/").at(-1)!;
}

function serverOf(queueUrl: string): Attributes {
  const url = URL.parse(queueUrl);
  if (!url) return {};
  const port = Number(url.port) || (url.protocol === "http:" ? 80 : 443);
  // Without what a URL may carry of secrets.
  const plain = `${url.protocol}//${url.host}${url.pathname}`;
  return { "server.address": url.hostname, "server.port": port, "aws.sqs.queue.url": plain };
}
