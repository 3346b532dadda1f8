import { expect, test } from "@jest/globals";
import { askedOf } from "../../../src/tracing/asked.js";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };

test.each([
  [{}, false, false],
  [ENDPOINT, true, false],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces.example/v1/traces" }, true, false],
  [{ OTEL_TRACES_EXPORTER: "otlp" }, true, false],
  [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" }, false, false],
  [{ ...ENDPOINT, OTEL_METRICS_EXPORTER: "otlp" }, true, true],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://127.0.0.1:4318/v1/metrics" }, false, true],
  [{ ...ENDPOINT, OTEL_METRICS_EXPORTER: "otlp", OTEL_SDK_DISABLED: "true" }, false, false],
  [{ ...ENDPOINT, OTEL_SDK_DISABLED: "false", OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" }, true, false],
  [{ ...ENDPOINT, OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.1" }, true, false],
])("%j asks for traces: %s, metrics: %s", (env, traces, metrics) => {
  expect(askedOf(env)).toEqual({ traces, metrics, faults: [] });
});

test.each([
  [{ OTEL_TRACES_EXPORTER: "zipkin" }, false, "OTEL_TRACES_EXPORTER must be otlp or none"],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" },
    false,
    "OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL",
  ],
  [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, false, "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf"],
  [{ ...ENDPOINT, OTEL_TRACES_SAMPLER: "xray" }, true, "OTEL_TRACES_SAMPLER must be one of always_on,"],
  [
    { ...ENDPOINT, OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "10%" },
    true,
    "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1",
  ],
])("%j is told of", (env, traces, fault) => {
  const asked = askedOf(env);
  expect(asked).toMatchObject({ traces, faults: [expect.stringContaining(fault)] });
});
