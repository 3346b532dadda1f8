import type { GetObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";
import type { PayloadPointer, PayloadRead, PayloadStore } from "../pipeline/payload.js";
import { type CredentialProvider, CredentialSource, defaultCredentials } from "./credentials.js";
import { untilAborted } from "./until-aborted.js";

export interface S3PayloadOptions {
  /** Unset: what the SDK finds. Buckets in other regions are found by S3's redirect. */
  readonly region?: string | undefined;
  /** Unset: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else AWS. */
  readonly endpoint?: string | undefined;
  /** Unset: the SDK's default chain. */
  readonly credentials?: CredentialProvider | undefined;
}

const ATTEMPTS = 3;
const CONNECT_TIMEOUT_MS = 2_000;
/** To the answer's head; how long the body may take is for the signal to say. */
const REQUEST_TIMEOUT_MS = 10_000;
/** More than any worker has slots: a read must never wait behind another for a socket. */
const SOCKETS_MAX = 1_000;

/** Large payloads as objects in S3. The SDK's client is imported with the first call. */
export class S3Payloads implements PayloadStore {
  readonly #options: S3PayloadOptions;
  #client: Promise<S3Client> | undefined;

  constructor(options: S3PayloadOptions = {}) {
    this.#options = options;
  }

  async read({ bucket, key }: PayloadPointer, bytesMax: number, signal: AbortSignal): Promise<PayloadRead> {
    try {
      const { GetObjectCommand } = await import("@aws-sdk/client-s3");
      const command = new GetObjectCommand({ Bucket: bucket, Key: key });
      const answer = await untilAborted((await this.#s3()).send(command, { abortSignal: signal }), signal);
      return await textOf(answer, bytesMax, signal);
    } catch (error) {
      return isMissing(error) ? { kind: "missing" } : { kind: "unavailable", detail: detailOf(error, signal) };
    }
  }

  async remove({ bucket, key }: PayloadPointer, signal: AbortSignal): Promise<void> {
    const { DeleteObjectCommand } = await import("@aws-sdk/client-s3");
    const command = new DeleteObjectCommand({ Bucket: bucket, Key: key });
    await untilAborted((await this.#s3()).send(command, { abortSignal: signal }), signal);
  }

  /** Writes a payload. Rejects with an Error that names the object and what S3 said. */
  async write({ bucket, key }: PayloadPointer, body: string, signal: AbortSignal): Promise<void> {
    try {
      const { PutObjectCommand } = await import("@aws-sdk/client-s3");
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: body,
        ContentType: "text/plain; charset=utf-8",
      });
      await untilAborted((await this.#s3()).send(command, { abortSignal: signal }), signal);
    } catch (error) {
      throw new Error(`its payload can't be written to s3://${bucket}: ${detailOf(error, signal)}`, { cause: error });
    }
  }

  close(): void {
    void this.#client?.then(
      (client) => client.destroy(),
      () => {},
    );
  }

  #s3(): Promise<S3Client> {
    this.#client ??= makeClient(this.#options);
    return this.#client;
  }
}

async function textOf(answer: GetObjectCommandOutput, bytesMax: number, signal: AbortSignal): Promise<PayloadRead> {
  const body = answer.Body as (AsyncIterable<Uint8Array> & { destroy(error?: Error): void }) | undefined;
  if (!body) return { kind: "read", body: "" };
  const aborted = () => body.destroy(signal.reason);
  signal.addEventListener("abort", aborted, { once: true });
  try {
    const { ContentLength = 0 } = answer;
    if (ContentLength > bytesMax) return { kind: "tooLarge", bytes: ContentLength };
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > bytesMax) return { kind: "tooLarge", bytes };
      chunks.push(chunk);
    }
    return decoded(Buffer.concat(chunks, bytes));
  } finally {
    signal.removeEventListener("abort", aborted);
    // What wasn't read to its end must not hold its socket.
    body.destroy();
  }
}

function decoded(bytes: Buffer): PayloadRead {
  try {
    return { kind: "read", body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { kind: "notText" };
  }
}

/** No such object. A bucket that doesn't exist is somebody else's fault than the message's. */
function isMissing(error: unknown): boolean {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  return name !== "NoSuchBucket" && (name === "NoSuchKey" || $metadata?.httpStatusCode === 404);
}

function detailOf(error: unknown, signal: AbortSignal): string {
  const { name, message } = (signal.aborted ? signal.reason : error) as Error;
  return `${name}: ${message}`;
}

async function makeClient({ region, endpoint, credentials }: S3PayloadOptions): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  const source = new CredentialSource(credentials ?? defaultCredentials);
  const agent = { maxSockets: SOCKETS_MAX, keepAlive: true };
  const elsewhere = endpoint ?? (process.env.AWS_ENDPOINT_URL_S3 || process.env.AWS_ENDPOINT_URL || undefined);
  return new S3Client({
    ...(region !== undefined && { region }),
    // Other servers have no host name for each bucket.
    ...(elsewhere !== undefined && { endpoint: elsewhere, forcePathStyle: true }),
    followRegionRedirects: true,
    credentials: async () => source.now() ?? source.fresh(),
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
}
