import { type Asked, askedOf } from "./asked.js";
import { givenTracing, SCOPE } from "./given-tracing.js";
import { type Tracing, type Warn, within } from "./open-telemetry.js";
import type { Sdk } from "./sdk.js";

/** The one SDK of this process, and how many workers use it. */
let shared: { readonly sdk: Promise<Sdk>; users: number } | undefined;

/**
 * Tracing as this process has it: by a provider that the program has registered itself, else by the SDK where the
 * standard variables ask for it. Undefined, and nothing is loaded, where neither is so.
 */
export async function startTracing(warn: Warn, env = process.env): Promise<Tracing | undefined> {
  const given = shared ? undefined : await givenTracing();
  const asked = askedOf(env);
  for (const fault of asked.faults) warn(fault);
  const wanted = { traces: asked.traces && !given?.tracer, metrics: asked.metrics && !given?.metered };
  if (!wanted.traces && !wanted.metrics) return given;
  try {
    const [api, sdk] = await Promise.all([import("@opentelemetry/api"), sharedSdk(wanted, warn)]);
    let stopped = false;
    return {
      api,
      tracer: wanted.traces ? api.trace.getTracer(SCOPE) : given?.tracer,
      metered: wanted.metrics || given?.metered === true,
      get dropped() {
        return sdk.dropped;
      },
      continueTrace: (traceId) => sdk.continueTrace(traceId),
      stop: async (ms) => {
        if (stopped) return;
        stopped = true;
        await release(sdk, ms);
      },
    };
  } catch (error) {
    shared = undefined;
    warn("OpenTelemetry's SDK can't be loaded: nothing is traced", error);
    return given;
  }
}

async function sharedSdk(wanted: Pick<Asked, "traces" | "metrics">, warn: Warn): Promise<Sdk> {
  shared ??= {
    users: 0,
    sdk: import("./sdk.js").then(({ startSdk }) =>
      startSdk({
        ...wanted,
        onChange: (error) => (error ? warn("traces can't be sent", error) : warn("traces are sent again")),
      }),
    ),
  };
  shared.users++;
  return shared.sdk;
}

async function release(sdk: Sdk, ms: number): Promise<void> {
  if (!shared || --shared.users > 0) return;
  shared = undefined;
  await within(ms, () => sdk.shutdown());
}
