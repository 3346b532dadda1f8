import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";

/** A message to put into a dead-letter queue. */
export interface Seed {
  readonly body: string;
  /** As a worker's copy has it. */
  readonly reason?: string;
  readonly id?: string;
  readonly groupId?: string;
}

const text = (StringValue: string): MessageAttributeValue => ({ DataType: "String", StringValue });

/** A queue with its dead-letter queue on a server, and the ways to fill and empty them. */
export class DeadLetterBundle {
  private constructor(
    private readonly sqs: SQSClient,
    readonly queueUrl: string,
    readonly deadLetterQueueUrl: string,
    private readonly fifo: boolean,
  ) {}

  static async create(sqs: SQSClient, name: string, { fifo = false, maxReceiveCount = 1 } = {}) {
    const suffix = fifo ? ".fifo" : "";
    const kind: Record<string, string> = fifo ? { FifoQueue: "true" } : {};
    const make = async (QueueName: string, more: Record<string, string> = {}) =>
      (await sqs.send(new CreateQueueCommand({ QueueName, Attributes: { ...kind, ...more } }))).QueueUrl!;
    const deadLetterQueueUrl = await make(`${name}-dlq${suffix}`);
    const asked = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: deadLetterQueueUrl, AttributeNames: ["QueueArn"] }),
    );
    const deadLetterTargetArn = asked.Attributes!.QueueArn;
    const queueUrl = await make(`${name}${suffix}`, {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }),
    });
    return new DeadLetterBundle(sqs, queueUrl, deadLetterQueueUrl, fifo);
  }

  /** Puts dead letters in, as a worker that rejects does. */
  async seed(seeds: readonly Seed[]): Promise<void> {
    for (let at = 0; at < seeds.length; at += 10) {
      const Entries = seeds.slice(at, at + 10).map(({ body, reason, id, groupId }, index) => ({
        Id: String(index),
        MessageBody: body,
        MessageAttributes: {
          ...(reason !== undefined && { QueuehandReason: text(reason) }),
          ...(id !== undefined && { QueuehandMessageId: text(id) }),
        },
        ...(this.fifo && { MessageGroupId: groupId ?? "g", MessageDeduplicationId: `${at + index}-${body}` }),
      }));
      const command = new SendMessageBatchCommand({ QueueUrl: this.deadLetterQueueUrl, Entries });
      const { Failed = [] } = await this.sqs.send(command);
      if (Failed.length > 0) throw new Error(`${Failed.length} messages were not sent: ${Failed[0]?.Message}`);
    }
  }

  /** Messages of a queue, hidden and delayed ones included. */
  async count(url: string): Promise<number> {
    const { Attributes = {} } = await this.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }),
    );
    return (
      Number(Attributes.ApproximateNumberOfMessages) +
      Number(Attributes.ApproximateNumberOfMessagesNotVisible) +
      Number(Attributes.ApproximateNumberOfMessagesDelayed)
    );
  }

  /** Messages of a queue that can be had now. */
  async visible(url: string): Promise<number> {
    const asked = await this.sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }));
    return Number(asked.Attributes!.ApproximateNumberOfMessages);
  }

  /** Takes what a queue gives, and hides it. */
  async take(QueueUrl: string) {
    const all = [];
    for (;;) {
      const { Messages } = await this.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: 300,
          MessageAttributeNames: ["All"],
          MessageSystemAttributeNames: ["All"],
        }),
      );
      if (!Messages?.length) return all;
      all.push(...Messages);
    }
  }
}
