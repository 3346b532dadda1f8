import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type MessageAttributeValue, SendMessageCommand } from "@aws-sdk/client-sqs";
import type { MessageAttribute } from "../../src/pipeline/ports/queue.js";
import { command, killCommands, RunningCommand } from "./command.js";
import { eventually } from "./eventually.js";
import { QueueServer } from "./fauxqs-server.js";
import { closeServer, listenOnLoopback } from "./loopback.js";
import { BUCKET, type ProducerMessage } from "./producers/producer-message.js";
import { working } from "./run-settings.js";

/** What an agent saw of one message. Attributes that are bytes as base64. */
export interface Seen {
  readonly id: string;
  readonly bytes: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Keeps what it sees in `seen`, a line a message; `REJECT` set, it rejects what it has seen. */
const MODULE = `
  import { appendFileSync } from "node:fs";
  class Reject extends Error { name = "Reject"; }
  const text = (value) => typeof value === "string" ? value : Buffer.from(value).toString("base64");
  export default ({ id, body, attributes }) => {
    const bytes = body instanceof Uint8Array ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    const own = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, text(value)]));
    const seen = { id, base64: Buffer.from(bytes).toString("base64"), attributes: own };
    appendFileSync(process.env.RUN_SEEN, JSON.stringify(seen) + "\\n");
    if (process.env.RUN_REJECT) throw new Reject("not today");
  };`;

const PROGRAM = `
  import { appendFileSync, readFileSync } from "node:fs";
  const { id, attributes } = JSON.parse(readFileSync(process.env.QUEUEHAND_MESSAGE_FILE, "utf8"));
  const own = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, value.base64 ?? value]));
  const seen = { id, base64: readFileSync(0).toString("base64"), attributes: own };
  appendFileSync(process.env.RUN_SEEN, JSON.stringify(seen) + "\\n");`;

/** A queue server with buckets, and agents of every kind that keep what they see. */
export class ProducerBundle {
  #runs = 0;

  private constructor(
    readonly server: QueueServer,
    readonly folder: string,
  ) {}

  static async start(messages: readonly ProducerMessage[]): Promise<ProducerBundle> {
    const server = await QueueServer.start();
    const folder = await mkdtemp(join(tmpdir(), "queuehand-producers-"));
    await writeFile(join(folder, "agent.mjs"), MODULE);
    await writeFile(join(folder, "program.mjs"), PROGRAM);
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const s3 = new S3Client({
      endpoint: server.env.AWS_ENDPOINT_URL!,
      region: "us-east-1",
      credentials,
      forcePathStyle: true,
    });
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    for (const { payload } of messages) {
      if (!payload) continue;
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: payload.key, Body: payload.text }));
    }
    s3.destroy();
    return new ProducerBundle(server, folder);
  }

  /** A queue of its own with a dead-letter queue. */
  async queues(): Promise<{ readonly queueUrl: string; readonly deadUrl: string }> {
    const name = `producers-${++this.#runs}`;
    const deadUrl = await this.server.queue(`${name}-dead`);
    const redrive = { deadLetterTargetArn: await this.server.arnOf(deadUrl), maxReceiveCount: 3 };
    return { deadUrl, queueUrl: await this.server.queue(name, { RedrivePolicy: JSON.stringify(redrive) }) };
  }

  /** Sends each as its producer would; by the ids that they got. */
  async send(queueUrl: string, messages: readonly ProducerMessage[]): Promise<Map<string, ProducerMessage>> {
    const sent = new Map<string, ProducerMessage>();
    for (const message of messages) {
      const MessageAttributes = attributesOf(message.attributes ?? {});
      const command = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: message.body, MessageAttributes });
      sent.set((await this.server.client.send(command)).MessageId!, message);
    }
    return sent;
  }

  env(queueUrl: string, more: Readonly<Record<string, string>> = {}) {
    return { ...this.server.env, ...working(queueUrl), PAYLOAD_BUCKETS: BUCKET, ...more };
  }

  /** Runs a worker until its queue is empty; what its agent saw. */
  async work(queueUrl: string, env: Readonly<Record<string, string>>): Promise<Seen[]> {
    const file = join(this.folder, `seen-${++this.#runs}`);
    await writeFile(file, "");
    const worker = new RunningCommand(["run"], {
      cwd: this.folder,
      env: this.env(queueUrl, { RUN_SEEN: file, ...env }),
    });
    await this.#emptied(queueUrl);
    worker.kill("SIGTERM");
    await worker.exited;
    const lines = (await readFile(file, "utf8")).split("\n").filter(Boolean);
    return lines.map((line) => {
      const { id, base64, attributes } = JSON.parse(line);
      return { id, bytes: Buffer.from(base64, "base64"), attributes };
    });
  }

  /** The same with a service as the agent. Its attributes are as headers have them: small letters. */
  async serve(queueUrl: string, env: Readonly<Record<string, string>>): Promise<Seen[]> {
    const seen: Seen[] = [];
    const server: Server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const attributes: Record<string, string> = {};
      for (const [name, value] of Object.entries(request.headers)) {
        if (name.startsWith("x-aws-sqsd-attr-")) attributes[name.slice("x-aws-sqsd-attr-".length)] = String(value);
      }
      seen.push({ id: String(request.headers["x-aws-sqsd-msgid"]), bytes: Buffer.concat(parts), attributes });
      response.end();
    });
    const url = await listenOnLoopback(server);
    await this.work(queueUrl, { ...env, HANDLER: url });
    await closeServer(server);
    return seen;
  }

  dlq(queueUrl: string, env: Readonly<Record<string, string>>, ...args: string[]) {
    return command(["dlq", ...args], { cwd: this.folder, env: this.env(queueUrl, env) });
  }

  async stop(): Promise<void> {
    await killCommands();
    await this.server.stop();
    await rm(this.folder, { recursive: true });
  }

  #emptied(queueUrl: string): Promise<number> {
    const name = queueUrl.split("/").at(-1)!;
    const left = async () => {
      const { ready, delayed, inflight } = this.server.server.inspectQueue(name)!.messages;
      return ready.length + delayed.length + inflight.length;
    };
    return eventually(left, (count) => count === 0);
  }
}

function attributesOf(attributes: Readonly<Record<string, MessageAttribute>>): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type, string, binary }]) => [
      name,
      { DataType: type, ...(binary ? { BinaryValue: binary } : { StringValue: string }) },
    ]),
  );
}
