import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { eventually } from "./eventually.js";
import { FakeSts } from "./fake-sts.js";
import { ModelEndpoint } from "./model-endpoint.js";
import { RunBundle } from "./run-bundle.js";

export const DOCUMENTS = "documents";

/** What S3 says of an object that was put. */
export interface PutDocument {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly sequencer: string;
}

/** A model, a queue, and a bucket of documents; its objects' events are sent by the test, in each of their shapes. */
export class DocumentsBundle implements AsyncDisposable {
  #puts = 0;

  private constructor(
    readonly model: ModelEndpoint,
    readonly bundle: RunBundle,
    readonly s3: S3Client,
    /** Gives agents their role's credentials. */
    readonly sts: FakeSts,
    private readonly stsUrl: string,
  ) {}

  static async start(): Promise<DocumentsBundle> {
    const bundle = await RunBundle.start({ maxReceiveCount: 3 });
    const { AWS_ENDPOINT_URL: endpoint } = bundle.server.env;
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const s3 = new S3Client({ endpoint: endpoint!, region: "us-east-1", credentials, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: DOCUMENTS }));
    const sts = new FakeSts();
    return new DocumentsBundle(await ModelEndpoint.start(), bundle, s3, sts, await sts.start());
  }

  async put(key: string, content: string | Uint8Array): Promise<PutDocument> {
    const { ETag } = await this.s3.send(new PutObjectCommand({ Bucket: DOCUMENTS, Key: key, Body: content }));
    const sequencer = `00${++this.#puts}`;
    return { key, size: Buffer.byteLength(content), etag: ETag!.replaceAll('"', ""), sequencer };
  }

  async text(key: string): Promise<string> {
    return (await this.s3.send(new GetObjectCommand({ Bucket: DOCUMENTS, Key: key }))).Body!.transformToString();
  }

  async keys(): Promise<string[]> {
    const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket: DOCUMENTS }));
    return Contents.map(({ Key }) => Key!).sort();
  }

  run(env: Readonly<Record<string, string>>) {
    return this.bundle.run({
      BUDGETS: "model=100/s*8, model.tokens=1000000/s",
      MODEL_URL: this.model.url,
      VISIBILITY_TIMEOUT: "15",
      RETRY_BACKOFF_SECONDS: "1,1",
      AGENT_ROLE_ARN: "arn:aws:iam::000000000000:role/documents",
      AWS_ENDPOINT_URL_STS: this.stsUrl,
      ...env,
    });
  }

  emptied(): Promise<number> {
    return eventually(
      async () => this.bundle.left,
      (left) => left === 0,
      60_000,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.s3.destroy();
    await this.bundle[Symbol.asyncDispose]();
    await this.model[Symbol.asyncDispose]();
    await this.sts.stop();
  }
}

/** As the bucket itself tells it, keys form-encoded. */
export function notification({ key, size, etag, sequencer }: PutDocument, eventName = "ObjectCreated:Put"): string {
  const object = {
    key: encodeURIComponent(key).replaceAll("%20", "+").replaceAll("%2F", "/"),
    size,
    eTag: etag,
    sequencer,
  };
  const s3 = { s3SchemaVersion: "1.0", bucket: { name: DOCUMENTS, arn: `arn:aws:s3:::${DOCUMENTS}` }, object };
  const eventTime = "2030-01-01T00:00:00.000Z";
  return JSON.stringify({ Records: [{ eventVersion: "2.1", eventSource: "aws:s3", eventTime, eventName, s3 }] });
}

/** As EventBridge tells it, keys plain. */
export function busNotification({ key, size, etag, sequencer }: PutDocument): string {
  return JSON.stringify({
    version: "0",
    id: "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": "Object Created",
    source: "aws.s3",
    account: "000000000000",
    time: "2030-01-01T00:00:00Z",
    region: "us-east-1",
    resources: [`arn:aws:s3:::${DOCUMENTS}`],
    detail: {
      version: "0",
      bucket: { name: DOCUMENTS },
      object: { key, size, etag, sequencer },
      reason: "PutObject",
    },
  });
}

/** Either of them through a topic without raw message delivery. */
export const throughTopic = (Message: string): string =>
  JSON.stringify({ Type: "Notification", MessageId: "m", TopicArn: "arn:aws:sns:us-east-1:000000000000:t", Message });
