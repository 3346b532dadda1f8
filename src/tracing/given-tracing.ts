import { flushProvider, hasMeterProvider, hasTracerProvider, type Tracing } from "./open-telemetry.js";

/** The name under which spans and metrics of the worker's own are known. */
export const SCOPE = "queuehand";

/** Tracing by what the program has registered itself; undefined, and nothing is loaded, where that is nothing. */
export async function givenTracing(): Promise<Tracing | undefined> {
  const traced = hasTracerProvider();
  const metered = hasMeterProvider();
  if (!traced && !metered) return undefined;
  const api = await import("@opentelemetry/api");
  return {
    api,
    tracer: traced ? api.trace.getTracer(SCOPE) : undefined,
    metered,
    dropped: 0,
    // A provider of the program's own makes its own ids.
    continueTrace: () => {},
    stop: (ms) => flushProvider(api, ms),
  };
}
