import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";
import { createKeyTable } from "./key-table.js";

const IMAGE = "ministackorg/ministack:1.5.33";
const PORT = 4566;

/** A DynamoDB of a test's own. */
export class DynamoDbServer {
  static async start(): Promise<DynamoDbServer> {
    const container = await new GenericContainer(IMAGE)
      .withExposedPorts(PORT)
      .withWaitStrategy(Wait.forHttp("/_ministack/health", PORT))
      .withStartupTimeout(120_000)
      .start();
    return new DynamoDbServer(container);
  }

  readonly endpoint: string;
  readonly credentials = async () => ({ accessKeyId: "test", secretAccessKey: "test" });
  readonly client: DynamoDBClient;

  private constructor(private readonly container: StartedTestContainer) {
    this.endpoint = `http://${container.getHost()}:${container.getMappedPort(PORT)}`;
    this.client = new DynamoDBClient({
      endpoint: this.endpoint,
      region: "us-east-1",
      credentials: this.credentials,
    });
  }

  createTable(name: string, key?: string): Promise<void> {
    return createKeyTable(this.client, name, key);
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.container.stop();
  }
}
