type Environment = Readonly<Record<string, string | undefined>>;

/** What OpenTelemetry's standard variables ask for, and what in them can't be heeded, a sentence each. */
export interface Asked {
  readonly traces: boolean;
  readonly metrics: boolean;
  readonly faults: readonly string[];
}

const NOTHING: Asked = { traces: false, metrics: false, faults: [] };
const ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT";
const SAMPLERS = ["always_on", "always_off", "traceidratio"];

/**
 * Traces are asked for by an OTLP endpoint, or by `OTEL_TRACES_EXPORTER=otlp`; metrics by one of their own, or by
 * `OTEL_METRICS_EXPORTER=otlp`: the worker has others, and nobody is to get a second set unasked.
 */
export function askedOf(env: Environment): Asked {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true") return NOTHING;
  const faults: string[] = [];
  const of = (signal: "TRACES" | "METRICS", endpoints: readonly string[]) => {
    const exporter = env[`OTEL_${signal}_EXPORTER`];
    if (exporter === "none") return false;
    if (exporter && exporter !== "otlp") {
      faults.push(`OTEL_${signal}_EXPORTER must be otlp or none, got ${JSON.stringify(exporter)}: nothing is sent`);
      return false;
    }
    if (!exporter && !endpoints.some((name) => env[name])) return false;
    return isReachable(env, signal, faults);
  };
  const traces = of("TRACES", [ENDPOINT, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]);
  const metrics = of("METRICS", ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"]);
  if (traces) faults.push(...samplerFaults(env));
  return { traces, metrics, faults };
}

/** Whether what the variables name can be sent to. */
function isReachable(env: Environment, signal: string, faults: string[]): boolean {
  const [name, endpoint] = given(env, `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, ENDPOINT);
  if (endpoint && !/^https?:\/\//i.test(endpoint)) {
    faults.push(`${name} must be an http or https URL, got ${JSON.stringify(endpoint)}: nothing is sent`);
    return false;
  }
  const [asked, protocol] = given(env, `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`, "OTEL_EXPORTER_OTLP_PROTOCOL");
  if (protocol && !protocol.startsWith("http/")) {
    faults.push(`${asked} must be http/protobuf, got ${JSON.stringify(protocol)}: nothing is sent`);
    return false;
  }
  return true;
}

function samplerFaults({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio }: Environment): string[] {
  if (!sampler) return [];
  const kind = sampler.replace(/^parentbased_/, "");
  if (!SAMPLERS.includes(kind)) {
    const known = SAMPLERS.flatMap((name) => [name, `parentbased_${name}`]).join(", ");
    return [`OTEL_TRACES_SAMPLER must be one of ${known}, got ${JSON.stringify(sampler)}: parentbased_always_on holds`];
  }
  if (
    kind !== "traceidratio" ||
    ratio === undefined ||
    (ratio.trim() !== "" && Number(ratio) >= 0 && Number(ratio) <= 1)
  ) {
    return [];
  }
  return [`OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, got ${JSON.stringify(ratio)}: 1 holds`];
}

/** The first of two variables that is set, with its name. */
function given(env: Environment, first: string, second: string): readonly [string, string | undefined] {
  return env[first] ? [first, env[first]] : [second, env[second]];
}
