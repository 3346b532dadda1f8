import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";

const BATCH_MAX = 10;

/** One finished run: which message, in which container, and when, in milliseconds since 1970. */
export interface Finished {
  readonly id: string;
  readonly host: string;
  readonly sentAt: number;
  readonly startedAt: number;
}

/** The queue to which the recording agent tells what it has finished. */
export class Records {
  static async create(sqs: SQSClient): Promise<Records> {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "records" }));
    return new Records(sqs, QueueUrl!);
  }

  readonly #finished: Finished[] = [];

  private constructor(
    private readonly sqs: SQSClient,
    private readonly url: string,
  ) {}

  /** Bodies for the recording agent, one an id, each of which keeps it busy for `workMs`. */
  bodies(ids: readonly string[], workMs: number, more: object = {}): string[] {
    return ids.map((id) => JSON.stringify({ id, work_ms: workMs, records: this.url, ...more }));
  }

  /** Every run that has finished since the start, in the order of the records. */
  async finished(): Promise<readonly Finished[]> {
    for (;;) {
      const { Messages = [] } = await this.sqs.send(
        new ReceiveMessageCommand({ QueueUrl: this.url, MaxNumberOfMessages: BATCH_MAX }),
      );
      if (Messages.length === 0) return this.#finished;
      this.#finished.push(...Messages.map(({ Body }) => JSON.parse(Body!) as Finished));
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await this.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: this.url, Entries }));
    }
  }

  /** What of `ids` never finished, and what finished more than once. */
  async account(ids: readonly string[]): Promise<{ missing: string[]; doubled: string[] }> {
    const runs = new Map<string, number>();
    for (const { id } of await this.finished()) runs.set(id, (runs.get(id) ?? 0) + 1);
    return {
      missing: ids.filter((id) => !runs.has(id)),
      doubled: ids.filter((id) => (runs.get(id) ?? 0) > 1),
    };
  }
}
