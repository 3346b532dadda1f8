import type { GetObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";
import { untilAborted } from "../../pipeline/ports/deadline.js";
import type { PayloadPointer, PayloadRead, PayloadStore } from "../../pipeline/ports/payload.js";
import { withProfile } from "../wire/profile.js";
import { endpointOf } from "../wire/region.js";
import { type SdkTarget, sdkOptions } from "../wire/sdk-options.js";

const PATIENCE = { attempts: 3, connectTimeoutMs: 2_000, requestTimeoutMs: 10_000 };

/** Large payloads as objects in S3. The SDK's client is imported with the first call. */
export class S3Payloads implements PayloadStore {
  readonly #options: SdkTarget;
  #client: Promise<S3Client> | undefined;

  constructor(options: SdkTarget = {}) {
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
  // Where the answer is none of S3's, the SDK adds a line on where its own objects keep it.
  return `${name}: ${message.split("\n", 1)[0]}`;
}

async function makeClient(target: SdkTarget): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  const endpoint = target.endpoint ?? endpointOf(await withProfile(process.env), "S3");
  return new S3Client({
    ...(await sdkOptions({ ...target, endpoint }, PATIENCE)),
    // Other servers have no host name for each bucket.
    ...(endpoint !== undefined && { forcePathStyle: true }),
    // A bucket may be in another region than the queue.
    followRegionRedirects: true,
  });
}
