import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateQueueCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { killCommands, RunningCommand } from "../support/command.js";
import { containerSuite } from "../support/container-suite.js";
import { ElasticMq } from "../support/elasticmq.js";
import { eventually } from "../support/eventually.js";
import { reaching, working } from "../support/run-settings.js";

const TRACE = "67891233abcdef012345678912345678";
const ROOT = "Root=1-67891233-abcdef012345678912345678";
/** The header of a message, and the span that an agent is told of. */
const HEADERS: [string, string, string][] = [
  ["as a load balancer writes it", ROOT, `00-${TRACE}-2345678912345678-00`],
  ["of a span that is recorded", `${ROOT};Parent=53995c3f42cd8ad8;Sampled=1`, `00-${TRACE}-53995c3f42cd8ad8-01`],
];

containerSuite("The trace header of a message", () => {
  let server: ElasticMq;
  let folder: string;
  let queueUrl: string;
  let queues = 0;

  beforeAll(async () => {
    server = await ElasticMq.start();
  }, 120_000);
  afterAll(() => server?.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "queuehand-trace-"));
    const made = await server.sqs.send(new CreateQueueCommand({ QueueName: `traced-${++queues}` }));
    queueUrl = `${server.endpoint}${new URL(made.QueueUrl!).pathname}`;
  });
  afterEach(async () => {
    await killCommands();
    await rm(folder, { recursive: true });
  });

  async function run(header: string, HANDLER: string, more: Record<string, string> = {}): Promise<RunningCommand> {
    const AWSTraceHeader = { DataType: "String", StringValue: header };
    const message = { QueueUrl: queueUrl, MessageBody: "order", MessageSystemAttributes: { AWSTraceHeader } };
    await server.sqs.send(new SendMessageCommand(message));
    const env = { ...reaching(server.endpoint), ...working(queueUrl), HANDLER, ...more };
    return new RunningCommand(["run"], { cwd: folder, env });
  }

  test.each(HEADERS)("%s reaches a program", async (_, header, traceparent) => {
    await writeFile(join(folder, "agent.sh"), 'echo "PARENT $TRACEPARENT"');
    const worker = await run(header, "exec:sh agent.sh");
    expect((await worker.says(/PARENT ([\da-f-]+)/))[1]).toBe(traceparent);
  });

  test.each(HEADERS)("%s reaches a service", async (_, header, traceparent) => {
    const heard: IncomingHttpHeaders[] = [];
    const service = createServer((request, response) => {
      heard.push(request.headers);
      response.end();
    }).listen(0, "127.0.0.1");
    await once(service, "listening");
    try {
      await run(header, `http://127.0.0.1:${(service.address() as AddressInfo).port}/`);
      await eventually(
        async () => heard.length,
        (count) => count > 0,
      );
      expect(heard[0]).toMatchObject({ traceparent, "x-amzn-trace-id": header });
    } finally {
      service.close();
    }
  });

  const modules = HEADERS.flatMap(([name, header, traceparent]) =>
    ["none", "process", "process-per-message"].map((isolation) => [name, isolation, header, traceparent] as const),
  );
  test.each(modules)("%s reaches a module, ISOLATION=%s", async (_, ISOLATION, header, traceparent) => {
    await writeFile(
      join(folder, "agent.mjs"),
      "export default ({ trace }, { log }) => log.info({ trace }, 'working');",
    );
    const worker = await run(header, "./agent.mjs", { ISOLATION });
    const line = JSON.parse((await worker.says(/.*"msg":"working".*/))[0]);
    const [, traceId, spanId, flags] = traceparent.split("-");
    expect(line).toMatchObject({ trace: { traceId, spanId }, trace_id: TRACE });
    expect(line.trace.sampled ?? false).toBe(flags === "01");
  });
});
