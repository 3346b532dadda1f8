import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import protobuf from "protobufjs";
import { eventually } from "./eventually.js";

/** What is read of OTLP's own definitions, with the field numbers that they have there. */
const PROTO = `
  syntax = "proto3";
  message ArrayValue { repeated AnyValue values = 1; }
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5; } }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message Scope { string name = 1; string version = 2; }
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4; }
  message Status { string message = 2; int32 code = 3; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
    repeated Event events = 11; repeated Link links = 13; Status status = 15;
  }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message TracesRequest { repeated ResourceSpans resource_spans = 1; }
  message NumberPoint { repeated KeyValue attributes = 7; double as_double = 4; sfixed64 as_int = 6; }
  message HistogramPoint { repeated KeyValue attributes = 9; fixed64 count = 4; double sum = 5; repeated double explicit_bounds = 7; }
  message Sum { repeated NumberPoint data_points = 1; }
  message Histogram { repeated HistogramPoint data_points = 1; }
  message Metric { string name = 1; string unit = 3; Sum sum = 7; Histogram histogram = 9; }
  message ScopeMetrics { repeated Metric metrics = 2; }
  message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
  message MetricsRequest { repeated ResourceMetrics resource_metrics = 1; }`;

const { root } = protobuf.parse(PROTO, { keepCase: false });
const TRACES = root.lookupType("TracesRequest");
const METRICS = root.lookupType("MetricsRequest");

export type Attributes = Readonly<Record<string, unknown>>;

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty of one that begins its trace. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  /** As OTLP counts them: 4 = PRODUCER, 5 = CONSUMER. */
  readonly kind: number;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2 = ERROR. */
  readonly status: { readonly code: number; readonly message: string };
  readonly resource: Attributes;
  readonly scope: string;
}

export interface ReceivedMetric {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly { readonly attributes: Attributes; readonly count: number; readonly sum?: number }[];
}

interface Pair {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const attributesOf = (pairs: readonly Pair[] = []): Attributes =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]));

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("hex");

/** A server that OTLP is sent to by HTTP as protobuf; it keeps what it understood. */
export class OtlpReceiver implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  readonly metrics: ReceivedMetric[] = [];
  /** Of each request. */
  readonly headers: Readonly<Record<string, unknown>>[] = [];
  /** What it answers; `silent` never does. */
  answer: number | "silent" = 200;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<OtlpReceiver> {
    const server = createServer();
    const receiver = new OtlpReceiver(server);
    server.on("request", (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        receiver.headers.push(request.headers);
        if (receiver.answer === "silent") return;
        const sent = Buffer.concat(parts);
        const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
        if (receiver.answer === 200) receiver.#take(request.url ?? "", body);
        response.writeHead(receiver.answer, { "content-type": "application/x-protobuf" }).end();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return receiver;
  }

  /** As OTEL_EXPORTER_OTLP_ENDPOINT names it. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Waits until so many spans with that name have come. */
  async named(name: string, count = 1): Promise<readonly ReceivedSpan[]> {
    const found = async () => this.spans.filter((span) => span.name === name);
    return eventually(found, ({ length }) => length >= count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
  }

  #take(path: string, body: Buffer): void {
    const plain = { longs: Number, bytes: Buffer, defaults: true, arrays: true };
    if (path === "/v1/traces") this.#takeTraces(TRACES.toObject(TRACES.decode(body), plain));
    else if (path === "/v1/metrics")
      this.#takeMetrics(METRICS.toObject(METRICS.decode(body), { ...plain, defaults: false }));
    else throw new Error(`no such signal: ${path}`);
  }

  // biome-ignore lint/suspicious/noExplicitAny: plain objects of the definitions above
  #takeTraces({ resourceSpans }: any): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      for (const { scope, spans } of scopeSpans) {
        for (const span of spans) {
          this.spans.push({
            ...span,
            traceId: hex(span.traceId),
            spanId: hex(span.spanId),
            parentSpanId: hex(span.parentSpanId),
            attributes: attributesOf(span.attributes),
            events: span.events.map((event: { name: string; attributes: Pair[] }) => ({
              name: event.name,
              attributes: attributesOf(event.attributes),
            })),
            links: span.links.map((link: { traceId: Buffer; spanId: Buffer }) => ({
              traceId: hex(link.traceId),
              spanId: hex(link.spanId),
            })),
            status: span.status ?? { code: 0, message: "" },
            resource: attributesOf(resource.attributes),
            scope: scope.name,
          });
        }
      }
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  #takeMetrics({ resourceMetrics }: any): void {
    for (const { scopeMetrics } of resourceMetrics) {
      for (const { metrics } of scopeMetrics) {
        for (const { name, unit, sum, histogram } of metrics) {
          const points = (sum ?? histogram).dataPoints.map(
            // biome-ignore lint/suspicious/noExplicitAny: as above
            (point: any) => ({
              attributes: attributesOf(point.attributes),
              count: sum ? (point.asInt ?? point.asDouble) : point.count,
              ...(histogram && { sum: point.sum }),
            }),
          );
          this.metrics.push({ name, unit, points });
        }
      }
    }
  }
}
