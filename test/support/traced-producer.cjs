// A producer that OpenTelemetry's own instrumentation of the AWS SDK traces: sends argv[3..] to the queue argv[2], each in a
// span `produce`, and says the id of its trace.
const { createRequire } = require("node:module");
const fromRoot = createRequire(`${process.env.ROOT}/package.json`);
const { trace, context, propagation } = fromRoot("@opentelemetry/api");
const { AsyncLocalStorageContextManager } = fromRoot("@opentelemetry/context-async-hooks");
const { W3CTraceContextPropagator } = fromRoot("@opentelemetry/core");
const { OTLPTraceExporter } = fromRoot("@opentelemetry/exporter-trace-otlp-proto");
const { AwsInstrumentation } = fromRoot("@opentelemetry/instrumentation-aws-sdk");
const { SimpleSpanProcessor, TracerProvider } = fromRoot("@opentelemetry/sdk-trace");

context.setGlobalContextManager(new AsyncLocalStorageContextManager());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
const provider = new TracerProvider({
  spanProcessors: [new SimpleSpanProcessor({ exporter: new OTLPTraceExporter() })],
});
trace.setGlobalTracerProvider(provider);
const instrumentation = new AwsInstrumentation();
instrumentation.setTracerProvider(provider);
instrumentation.enable();

const { SQSClient, SendMessageCommand } = fromRoot("@aws-sdk/client-sqs");

async function main([QueueUrl, ...bodies]) {
  const client = new SQSClient({ useQueueUrlAsEndpoint: false });
  for (const MessageBody of bodies) {
    await trace.getTracer("producer").startActiveSpan("produce", async (span) => {
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
      span.end();
      console.log(span.spanContext().traceId);
    });
  }
  await provider.shutdown();
}
void main(process.argv.slice(2));
