import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";

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

/** Makes a table as infra/cluster.yaml does; with another key to try what happens then. */
export async function createKeyTable(client: DynamoDBClient, TableName: string, key = "id"): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: key, AttributeType: "S" }],
      KeySchema: [{ AttributeName: key, KeyType: "HASH" }],
    }),
  );
}
