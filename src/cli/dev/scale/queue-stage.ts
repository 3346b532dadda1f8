import { QueuePair } from "../../../aws/sqs/queue-pair.js";
import { SqsProducer } from "../../../aws/sqs/sqs-producer.js";
import { devCredentials } from "../credentials.js";
import type { FleetClock } from "./fleet-clock.js";
import { QueueServer } from "./queue-server.js";

export const QUEUE_NAME = "queuehand-dev";
const MAX_RECEIVE_COUNT = 3;
const CALL_WITHIN_MS = 5_000;

/** What the fleet works on: the queue server with a queue and its dead letters, and a producer. */
export class QueueStage {
  readonly queueName = QUEUE_NAME;

  private constructor(
    readonly server: QueueServer,
    readonly producer: SqsProducer,
    private readonly pair: QueuePair,
  ) {}

  /** @param port of the server; 0 = any free one. @throws CommandError where it doesn't start. */
  static async set(port: number, clock: FleetClock): Promise<QueueStage> {
    const server = await QueueServer.start(port, clock);
    try {
      const access = { endpoint: server.endpoint, region: "us-east-1", credentials: devCredentials };
      const pair = await QueuePair.create(access, QUEUE_NAME, MAX_RECEIVE_COUNT, AbortSignal.timeout(CALL_WITHIN_MS));
      return new QueueStage(server, new SqsProducer({ ...access, queueUrl: pair.queueUrl }), pair);
    } catch (error) {
      server.stop();
      throw error;
    }
  }

  get queueUrl(): string {
    return this.pair.queueUrl;
  }

  /** Harmless twice. */
  close(): void {
    this.producer.close();
    this.pair.close();
    this.server.stop();
  }
}
