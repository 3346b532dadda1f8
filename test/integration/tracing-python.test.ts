import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { OtlpReceiver } from "../support/otlp-receiver.js";
import { pythonSuite } from "../support/python-suite.js";
import { RunBundle } from "../support/run-bundle.js";

const PRODUCER = join(process.cwd(), "test", "support", "traced-producer.py");
const PACKAGES = ["boto3==1.44.8", "opentelemetry-sdk==1.45.1", "opentelemetry-instrumentation-boto3sqs==0.66b1"];

await pythonSuite("A trace that begins at a producer with boto3", PACKAGES, (python) => {
  let bundle: RunBundle;
  let receiver: OtlpReceiver;

  beforeEach(async () => {
    receiver = await OtlpReceiver.start();
    bundle = await RunBundle.start();
  });
  afterEach(async () => {
    await bundle[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  test("ends in the span of the run", async () => {
    const env = { PATH: process.env.PATH, ...bundle.server.env, AWS_DEFAULT_REGION: "us-east-1" };
    // boto3 calls the host in the URL.
    const queueUrl = `${bundle.server.env.AWS_ENDPOINT_URL}${new URL(bundle.queueUrl).pathname}`;
    const { stdout } = await promisify(execFile)(python, [PRODUCER, queueUrl, "order"], { env });
    bundle.run({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_BSP_SCHEDULE_DELAY: "50" });
    const [run] = await receiver.named("process tasks");
    expect(run!.traceId).toBe(stdout.trim());
    expect(run!.parentSpanId).toMatch(/^[\da-f]{16}$/);
  });
});
