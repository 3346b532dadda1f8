// Objects in S3. The SDK's client is imported with the first call: conversations without S3 do without it.
import { Defer, Reject } from "queuehand";

/** Objects that this agent has written, answers and states, are no documents: it must never read what it wrote. */
export const WRITTEN_BY_US = "written-by";
const US = "llm-agent";

const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 = AWS_ENDPOINT_URL } = process.env;

export class Buckets {
  #signal;
  #credentials;
  #sdk;

  /** @param context of the run: its signal, and the credentials of the agent's role where it has one. */
  constructor({ signal, credentials }) {
    this.#signal = signal;
    this.#credentials = credentials;
  }

  /** An object that may not be there. */
  place(Bucket, Key) {
    return {
      read: async () => (await this.#unlessGone("GetObject", { Bucket, Key }))?.Body.transformToString(),
      write: (text) => this.write(Bucket, Key, text, "application/json"),
      remove: () => this.#send("DeleteObject", { Bucket, Key }),
    };
  }

  /** The answer of a GET; undefined where the object is gone, or isn't the one with this etag any more. */
  get(Bucket, Key, etag) {
    return this.#unlessGone("GetObject", { Bucket, Key, ...(etag && { IfMatch: `"${etag}"` }) });
  }

  /** Its facts without its content; undefined where it is gone. */
  head(Bucket, Key) {
    return this.#unlessGone("HeadObject", { Bucket, Key });
  }

  async write(Bucket, Key, Body, ContentType, metadata = {}) {
    const Metadata = { ...metadata, [WRITTEN_BY_US]: US };
    await this.#send("PutObject", { Bucket, Key, Body, ContentType, Metadata });
  }

  close() {
    this.#sdk?.then(({ client }) => client.destroy());
  }

  async #unlessGone(operation, input) {
    try {
      return await this.#send(operation, input);
    } catch (error) {
      const status = error.cause?.$metadata?.httpStatusCode;
      if (status === 412 || (status === 404 && error.cause.name !== "NoSuchBucket")) return undefined;
      throw error;
    }
  }

  async #send(operation, input) {
    this.#sdk ??= this.#load();
    const { client, commands } = await this.#sdk;
    try {
      return await client.send(new commands[`${operation}Command`](input), { abortSignal: this.#signal });
    } catch (error) {
      this.#signal.throwIfAborted();
      const said = `${operation} of s3://${input.Bucket}/${input.Key}: ${error.name}: ${error.message}`;
      if (error.name === "KeyTooLongError") throw new Reject(said, { cause: error });
      // Denied, no such bucket, down: nothing that the message can help.
      throw new Defer(undefined, said, { cause: error });
    }
  }

  async #load() {
    const commands = await import("@aws-sdk/client-s3");
    const client = new commands.S3Client({
      ...(this.#credentials && { credentials: this.#credentials }),
      // Other servers have no host name for each bucket.
      ...(AWS_ENDPOINT_URL_S3 && { forcePathStyle: true }),
      followRegionRedirects: true,
    });
    return { client, commands };
  }
}
