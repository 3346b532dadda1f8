import { SqsQueue, type SqsQueueOptions } from "../../src/aws/sqs/sqs-queue.js";
import type { Fact } from "../../src/pipeline/ports/telemetry.js";
import { NullServer } from "./null-server.js";

export const never = new AbortController().signal;

/** A queue adapter, the null server that it talks to, and what it told. */
export interface SqsBundle extends AsyncDisposable {
  readonly server: NullServer;
  readonly queue: SqsQueue;
  readonly facts: Fact[];
  readonly options: SqsQueueOptions;
}

/** `await using` it: both ends are closed with the test. */
export async function sqsBundle(given: Partial<SqsQueueOptions> = {}): Promise<SqsBundle> {
  const server = await NullServer.start();
  const facts: Fact[] = [];
  const options: SqsQueueOptions = {
    queueUrl: server.queueUrl,
    visibilityTimeoutSeconds: 120,
    credentials: async () => ({ accessKeyId: "AKIATEST", secretAccessKey: "secret" }),
    telemetry: (fact) => facts.push(fact),
    ...given,
  };
  const queue = new SqsQueue(options);
  return {
    server,
    queue,
    facts,
    options,
    async [Symbol.asyncDispose]() {
      queue.close();
      await server.stop();
    },
  };
}
