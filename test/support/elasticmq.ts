import { SQSClient } from "@aws-sdk/client-sqs";
import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";

const IMAGE = "softwaremill/elasticmq-native:1.7.1";
const PORT = 9324;

/** An ElasticMQ of a test's own. Unlike fauxqs it gives several messages of a group in one batch, as SQS does. */
export class ElasticMq {
  static async start(): Promise<ElasticMq> {
    const container = await new GenericContainer(IMAGE)
      .withExposedPorts(PORT)
      .withWaitStrategy(Wait.forLogMessage(/ElasticMQ server .* started/))
      .start();
    return new ElasticMq(container);
  }

  readonly endpoint: string;
  readonly sqs: SQSClient;

  private constructor(private readonly container: StartedTestContainer) {
    this.endpoint = `http://${container.getHost()}:${container.getMappedPort(PORT)}`;
    this.sqs = new SQSClient({
      endpoint: this.endpoint,
      // The server names itself in queues' URLs as it sees itself, inside its container.
      useQueueUrlAsEndpoint: false,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
  }

  async stop(): Promise<void> {
    this.sqs.destroy();
    await this.container.stop();
  }
}
