import { CreateQueueCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { type QueueCounts, queueAttributes, queueCounts } from "./queue-attributes.js";
import { makeSqsClient, type SqsClientOptions } from "./sqs-client.js";

/** How many messages the two queues hold. */
export interface PairCounts {
  readonly queue: QueueCounts;
  readonly deadLetters: number;
}

/** A queue and its dead-letter queue on a server of our own, for development. */
export class QueuePair {
  private constructor(
    readonly queueUrl: string,
    readonly deadLetterQueueUrl: string,
    readonly client: SQSClient,
  ) {}

  /**
   * Makes both queues, or finds them.
   * @param name of the queue; its dead-letter queue has `-dlq` behind it. With `.fifo` at its end both are FIFO queues,
   * which take the hash of a body for its deduplication id where none is given.
   * @param maxReceiveCount how often a message is given out before it moves to the dead-letter queue (1..1000).
   */
  static async create(
    server: Omit<SqsClientOptions, "queueUrl"> & { readonly endpoint: string },
    name: string,
    maxReceiveCount: number,
    signal: AbortSignal,
  ): Promise<QueuePair> {
    const client = await makeSqsClient({ ...server, queueUrl: server.endpoint });
    const [, stem, fifo = ""] = /^(.*?)(\.fifo)?$/.exec(name)!;
    const ofKind = fifo && { FifoQueue: "true", ContentBasedDeduplication: "true" };
    const make = async (QueueName: string, Attributes: Record<string, string> = {}) => {
      const made = await client.send(new CreateQueueCommand({ QueueName, Attributes: { ...Attributes, ...ofKind } }), {
        abortSignal: signal,
      });
      return made.QueueUrl!;
    };
    const deadLetterQueueUrl = await make(`${stem}-dlq${fifo}`, { MessageRetentionPeriod: "1209600" });
    const { arn } = await queueAttributes(client, deadLetterQueueUrl, signal);
    const queueUrl = await make(name, {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount }),
    });
    return new QueuePair(queueUrl, deadLetterQueueUrl, client);
  }

  async counts(signal: AbortSignal): Promise<PairCounts> {
    const [queue, deadLetters] = await Promise.all([
      queueCounts(this.client, this.queueUrl, signal),
      queueCounts(this.client, this.deadLetterQueueUrl, signal),
    ]);
    return { queue, deadLetters: deadLetters.visible + deadLetters.inFlight + deadLetters.delayed };
  }

  close(): void {
    this.client.destroy();
  }
}
