import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type CommandOptions, killCommands } from "./command.js";
import { DynamoDbServer } from "./dynamodb.js";
import { reaching, working } from "./run-settings.js";

/** SQS and DynamoDB in a container, a table of keys, and a folder with an agent that `queuehand run` guards by them. */
export class KeyedRunBundle {
  private constructor(
    readonly server: DynamoDbServer,
    readonly sqs: SQSClient,
    readonly folder: string,
  ) {}

  /** @param agent the source of the agent's module. */
  static async start(agent: string): Promise<KeyedRunBundle> {
    const server = await DynamoDbServer.start();
    await server.createTable("keys");
    const sqs = new SQSClient({
      endpoint: server.endpoint,
      useQueueUrlAsEndpoint: false,
      region: "us-east-1",
      credentials: server.credentials,
    });
    const folder = await mkdtemp(join(tmpdir(), "queuehand-keyed-"));
    await writeFile(join(folder, "agent.mjs"), agent);
    return new KeyedRunBundle(server, sqs, folder);
  }

  /** For any command on a queue: one message at a time, each order once. */
  options(queueUrl: string, env: Readonly<Record<string, string>> = {}): CommandOptions {
    return {
      cwd: this.folder,
      env: {
        ...reaching(this.server.endpoint),
        ...working(queueUrl),
        IDEMPOTENCY_TABLE: "keys",
        IDEMPOTENCY_KEY: "body:/order",
        // The shortest that there is.
        VISIBILITY_TIMEOUT: "15",
        CONCURRENCY: "1",
        ...env,
      },
    };
  }

  async send(queueUrl: string, body: object): Promise<void> {
    await this.sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(body) }));
  }

  /** The lines that agents wrote into a file; none while there is no such file. */
  async lines(file: string): Promise<string[]> {
    const text = await readFile(join(this.folder, file), "utf8").catch(() => "");
    return text.split("\n").filter(Boolean);
  }

  async stop(): Promise<void> {
    await killCommands();
    this.sqs.destroy();
    await this.server.stop();
    await rm(this.folder, { recursive: true });
  }
}
