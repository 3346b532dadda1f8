import { context, metrics, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  CompositePropagator,
  getNumberFromEnv,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from "@opentelemetry/core";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { BoundedExport } from "./bounded-export.js";
import { ContinuedIds } from "./continued-ids.js";

/** What was started, and how it is ended. */
export interface Sdk {
  /** Spans that were lost so far. */
  readonly dropped: number;
  /** Has the next trace that is begun carry this id. */
  continueTrace(traceId: string): void;
  /** Sends what is held, and registers nothing any more. */
  shutdown(): Promise<void>;
}

export interface SdkOptions {
  readonly traces: boolean;
  readonly metrics: boolean;
  /** Called when spans can't be sent, with the error, and when they can again. */
  readonly onChange: (error?: Error) => void;
}

const QUEUE_MAX = 2_048;

/** Registers OpenTelemetry's SDK for this process, as its standard variables say. */
export function startSdk({ traces, metrics: metricsToo, onChange }: SdkOptions): Sdk {
  const resource = resourceOfEnvironment();
  const ids = new ContinuedIds();
  const ends: (() => Promise<void>)[] = [];
  let spans: BoundedExport | undefined;
  if (traces) {
    spans = new BoundedExport(new OTLPTraceExporter(), { ...batching(), onChange });
    const provider = new TracerProvider({
      resource,
      idGenerator: ids,
      sampler: samplerOfEnvironment(),
      spanLimits: limits(),
      spanProcessors: [spans],
    });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
    propagation.setGlobalPropagator(
      new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
    );
    trace.setGlobalTracerProvider(provider);
    ends.push(async () => {
      trace.disable();
      context.disable();
      propagation.disable();
      await provider.shutdown();
    });
  }
  if (metricsToo) {
    const provider = new MeterProvider({ resource, readers: [metricReader()] });
    metrics.setGlobalMeterProvider(provider);
    ends.push(async () => {
      metrics.disable();
      await provider.shutdown();
    });
  }
  return {
    get dropped() {
      return spans?.dropped ?? 0;
    },
    continueTrace: (traceId) => {
      ids.next = traceId;
    },
    shutdown: async () => {
      await Promise.all(ends.map((end) => end()));
    },
  };
}

function resourceOfEnvironment(): Resource {
  const named = resourceFromAttributes({ "service.name": "queuehand" });
  return defaultResource()
    .merge(named)
    .merge(detectResources({ detectors: [envDetector] }));
}

function samplerOfEnvironment(): Sampler {
  const { OTEL_TRACES_SAMPLER = "", OTEL_TRACES_SAMPLER_ARG = "" } = process.env;
  switch (OTEL_TRACES_SAMPLER) {
    case "always_on":
      return new AlwaysOnSampler();
    case "always_off":
      return new AlwaysOffSampler();
    case "traceidratio":
      return new TraceIdRatioBasedSampler(ratioOf(OTEL_TRACES_SAMPLER_ARG));
    case "parentbased_always_off":
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case "parentbased_traceidratio":
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratioOf(OTEL_TRACES_SAMPLER_ARG)) });
    default:
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
  }
}

function ratioOf(text: string): number {
  const ratio = text.trim() === "" ? 1 : Number(text);
  return ratio >= 0 && ratio <= 1 ? ratio : 1;
}

function batching() {
  const maxQueueSize = positive("OTEL_BSP_MAX_QUEUE_SIZE", QUEUE_MAX);
  return {
    maxQueueSize,
    maxExportBatchSize: Math.min(maxQueueSize, positive("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)),
    scheduledDelayMillis: positive("OTEL_BSP_SCHEDULE_DELAY", 5_000),
    exportTimeoutMillis: positive("OTEL_BSP_EXPORT_TIMEOUT", 30_000),
  };
}

function limits() {
  return {
    attributeValueLengthLimit: positive(
      "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
      positive("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", Number.POSITIVE_INFINITY),
    ),
    attributeCountLimit: positive("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", positive("OTEL_ATTRIBUTE_COUNT_LIMIT", 128)),
  };
}

function metricReader(): PeriodicExportingMetricReader {
  const exportIntervalMillis = positive("OTEL_METRIC_EXPORT_INTERVAL", 60_000);
  return new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(),
    exportIntervalMillis,
    exportTimeoutMillis: Math.min(exportIntervalMillis, positive("OTEL_METRIC_EXPORT_TIMEOUT", 30_000)),
  });
}

function positive(name: string, fallback: number): number {
  const value = getNumberFromEnv(name);
  return value !== undefined && value >= 1 ? value : fallback;
}
