import { Agent, request } from "node:http";

const BATCH = 10;

/** Sends messages by bare HTTP requests over one connection, so that the SDK's cost is the contestant's alone. */
export class Sender {
  #url;
  #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  /** @param url of the queue. */
  constructor(url) {
    this.#url = url;
  }

  /** Sends one message and resolves to its id. */
  async send(body) {
    const { MessageId } = await this.#call("SendMessage", { MessageBody: body });
    return MessageId;
  }

  /** Sends messages `{ body, groupId? }` in batches of ten, in their order. */
  async sendAll(messages) {
    for (let from = 0; from < messages.length; from += BATCH) {
      const Entries = messages.slice(from, from + BATCH).map(({ body, groupId }, index) => ({
        Id: String(index),
        MessageBody: body,
        MessageGroupId: groupId,
      }));
      await this.#call("SendMessageBatch", { Entries });
    }
  }

  close() {
    this.#agent.destroy();
  }

  #call(action, input) {
    const body = JSON.stringify({ QueueUrl: this.#url, ...input });
    const headers = {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `AmazonSQS.${action}`,
      "content-length": Buffer.byteLength(body),
      authorization:
        "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
    };
    return new Promise((resolve, reject) => {
      const calling = request(new URL("/", this.#url), { method: "POST", agent: this.#agent, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => {
          if (response.statusCode === 200) resolve(JSON.parse(text));
          else reject(new Error(`${action} was answered with ${response.statusCode}: ${text}`));
        });
      });
      calling.once("error", reject);
      calling.end(body);
    });
  }
}
