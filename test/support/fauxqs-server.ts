import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type FauxqsServer, startFauxqs } from "fauxqs";
import { reaching } from "./run-settings.js";

/** An embedded queue server with one way to make queues and one to look into them. */
export class QueueServer {
  private constructor(
    readonly server: FauxqsServer,
    readonly client: SQSClient,
    /** What a command needs to reach it. */
    readonly env: Readonly<Record<string, string>>,
  ) {}

  static async start(): Promise<QueueServer> {
    const server = await startFauxqs({ port: 0, logger: false });
    const endpoint = `http://127.0.0.1:${server.port}`;
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const client = new SQSClient({ endpoint, region: "us-east-1", credentials });
    return new QueueServer(server, client, reaching(endpoint));
  }

  async queue(QueueName: string, Attributes: Record<string, string> = {}): Promise<string> {
    return (await this.client.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!;
  }

  async arnOf(QueueUrl: string): Promise<string> {
    const asked = await this.client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
    return asked.Attributes!.QueueArn!;
  }

  /** Everything that is visible, ten at a time. */
  async messages(QueueUrl: string) {
    const all = [];
    for (;;) {
      const { Messages } = await this.client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          MessageAttributeNames: ["All"],
          MessageSystemAttributeNames: ["All"],
        }),
      );
      if (!Messages?.length) return all;
      all.push(...Messages);
    }
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.server.stop();
  }
}
