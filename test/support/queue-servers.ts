import { randomUUID } from "node:crypto";
import { startFauxqs } from "fauxqs";
import { GenericContainer, Wait } from "testcontainers";
import { SqsQueue } from "../../src/aws/sqs/sqs-queue.js";
import { SqsWire } from "../../src/aws/sqs/sqs-wire.js";
import { CredentialSource } from "../../src/aws/wire/credentials.js";
import { TransportChoice } from "../../src/aws/wire/transport-choice.js";
import type { WireAttribute } from "../../src/aws/wire/wire-attributes.js";
import { type Queue, QueueError, type ReceivedMessage } from "../../src/pipeline/ports/queue.js";
import { ElasticMq } from "./elasticmq.js";
import { FakeClock } from "./fake-clock.js";
import type { SendOptions } from "./memory-message.js";
import { MemoryQueue } from "./memory-queue.js";
import { startMoto } from "./moto-server.js";

/** What a test wants of its queue; a standard one that hides for 30 seconds, with a dead-letter queue, if unset. */
export interface QueueKind {
  readonly fifo?: boolean;
  readonly visibilityTimeoutSeconds?: number;
  readonly maxReceiveCount?: number;
}

/** A dead letter, as far as a copy and a redrive have it in common. */
export type DeadLetterSeen = Pick<ReceivedMessage, "body" | "attributes" | "groupId" | "traceHeader">;

/** One fresh queue with its producer, its dead-letter queue, and its time. */
export interface QueueBundle {
  readonly queue: Queue;
  send(body: string, options?: SendOptions): Promise<void>;
  deadLetters(): Promise<DeadLetterSeen[]>;
  /** Lets `seconds` pass: a fake clock jumps, a real server is waited for. */
  elapse(seconds: number): Promise<void>;
  /** Waits for a call that takes time on the queue's clock. */
  during<Answer>(call: Promise<Answer>): Promise<Answer>;
}

/** By what SqsQueue makes its calls. */
export type Transport = "wire" | "sdk";

/** A server that the contract suite runs against; one that isn't called over a network heeds no transport. */
export interface QueueServer {
  bundle(kind?: QueueKind, transport?: Transport): Promise<QueueBundle>;
  /** A queue that does not exist there. */
  missing(transport?: Transport): Queue;
  stop(): Promise<void>;
}

const LOCALSTACK = "localstack/localstack:4.14.0";
const LOCALSTACK_PORT = 4566;

const never = new AbortController().signal;

/** The queue in memory, on a clock that jumps. */
export async function memoryServer(): Promise<QueueServer> {
  return {
    async bundle({ maxReceiveCount = 1_000, ...kind } = {}) {
      const clock = new FakeClock();
      const queue = new MemoryQueue({ clock, maxReceiveCount, ...kind });
      return {
        queue,
        send: async (body, options) => void queue.send(body, options),
        deadLetters: async () =>
          queue.deadLetters.map(({ body, attributes, groupId, traceHeader }) => ({
            body,
            attributes,
            ...(groupId !== undefined && { groupId }),
            ...(traceHeader !== undefined && { traceHeader }),
          })),
        elapse: (seconds) => clock.advance(seconds * 1000),
        async during(call) {
          let ended = false;
          const end = () => {
            ended = true;
          };
          call.then(end, end);
          while (!ended) await clock.advance(100);
          return call;
        },
      };
    },
    missing() {
      const queue = new MemoryQueue({ clock: new FakeClock() });
      queue.failNext("receive", new QueueError("fatal", "the queue does not exist"));
      return queue;
    },
    stop: async () => {},
  };
}

/** fauxqs in this process. */
export async function fauxqsServer(): Promise<QueueServer> {
  const server = await startFauxqs({ port: 0, logger: false });
  return httpServer(`http://127.0.0.1:${server.port}`, () => server.stop());
}

/** moto in a process of its own. */
export async function motoServer(): Promise<QueueServer> {
  const { endpoint, stop } = await startMoto();
  return httpServer(endpoint, stop);
}

export async function elasticmqServer(): Promise<QueueServer> {
  const server = await ElasticMq.start();
  return httpServer(server.endpoint, () => server.stop());
}

export async function localstackServer(): Promise<QueueServer> {
  const container = await new GenericContainer(LOCALSTACK)
    .withExposedPorts(LOCALSTACK_PORT)
    .withEnvironment({ SERVICES: "sqs", EAGER_SERVICE_LOADING: "1", DISABLE_EVENTS: "1", SKIP_SSL_CERT_DOWNLOAD: "1" })
    .withWaitStrategy(Wait.forLogMessage("Ready."))
    .withStartupTimeout(120_000)
    .start();
  const endpoint = `http://${container.getHost()}:${container.getMappedPort(LOCALSTACK_PORT)}`;
  return httpServer(endpoint, () => container.stop());
}

/** Any server that speaks SQS's JSON protocol at an endpoint. */
function httpServer(endpoint: string, stop: () => Promise<unknown>): QueueServer {
  const credentials = async () => ({ accessKeyId: "test", secretAccessKey: "test" });
  const region = "us-east-1";
  const wire = new SqsWire({ endpoint: new URL(endpoint), region, credentials: new CredentialSource(credentials) });
  const ask = (operation: string, input: object) =>
    wire.call({ operation, input, signal: never, timeoutMs: 20_000, repeatable: true });
  const adapters: SqsQueue[] = [];
  const adapter = (
    queueUrl: string,
    visibilityTimeoutSeconds: number,
    transport: Transport,
    deadLetterQueueUrl?: string,
  ) => {
    const queue = new SqsQueue({
      queueUrl,
      visibilityTimeoutSeconds,
      deadLetterQueueUrl,
      endpoint,
      region,
      credentials,
      transport: new TransportChoice(transport),
    });
    adapters.push(queue);
    return queue;
  };
  const make = async (name: string, attributes: Record<string, string>) =>
    String((await ask("CreateQueue", { QueueName: name, Attributes: attributes })).QueueUrl);

  return {
    async bundle({ fifo = false, visibilityTimeoutSeconds = 30, maxReceiveCount = 1_000 } = {}, transport = "wire") {
      const name = `contract-${randomUUID()}`;
      const suffix = fifo ? ".fifo" : "";
      const ofKind: Record<string, string> = fifo ? { FifoQueue: "true" } : {};
      const deadLetterQueueUrl = await make(`${name}-dlq${suffix}`, ofKind);
      const described = await ask("GetQueueAttributes", { QueueUrl: deadLetterQueueUrl, AttributeNames: ["All"] });
      const deadLetterTargetArn = (described.Attributes as Record<string, string>).QueueArn;
      const queueUrl = await make(`${name}${suffix}`, {
        ...ofKind,
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }),
      });
      const deadLetters = adapter(deadLetterQueueUrl, 30, transport);
      return {
        queue: adapter(queueUrl, visibilityTimeoutSeconds, transport, deadLetterQueueUrl),
        send: async (body, options = {}) => void (await ask("SendMessage", sendInput(queueUrl, body, options, fifo))),
        deadLetters: async () => deadLetters.receive(10, 1, never),
        elapse: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
        during: (call) => call,
      };
    },
    missing: (transport = "wire") => adapter(`${endpoint}/000000000000/nobody-made-this`, 30, transport),
    async stop() {
      wire.close();
      for (const queue of adapters) queue.close();
      await stop();
    },
  };
}

function sendInput(queueUrl: string, body: string, options: SendOptions, fifo: boolean): object {
  const { attributes = [], groupId, deduplicationId, delaySeconds, traceHeader } = options;
  const wired = [...attributes].map(([name, { type, string, binary }]): [string, WireAttribute] => [
    name,
    {
      DataType: type,
      ...(string !== undefined && { StringValue: string }),
      ...(binary !== undefined && { BinaryValue: Buffer.from(binary).toString("base64") }),
    },
  ]);
  return {
    QueueUrl: queueUrl,
    MessageBody: body,
    ...(wired.length > 0 && { MessageAttributes: Object.fromEntries(wired) }),
    ...(groupId !== undefined && { MessageGroupId: groupId }),
    ...(fifo && { MessageDeduplicationId: deduplicationId ?? randomUUID() }),
    ...(delaySeconds !== undefined && { DelaySeconds: delaySeconds }),
    ...(traceHeader !== undefined && {
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: traceHeader } },
    }),
  };
}
