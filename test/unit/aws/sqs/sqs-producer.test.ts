import { describe, expect, test } from "@jest/globals";
import { SqsProducer } from "../../../../src/aws/sqs/sqs-producer.js";
import { type Answer, NullServer, refusal } from "../../../support/null-server.js";
import { never } from "../../../support/sqs-bundle.js";

/** What becomes of three messages when the server answers their batch so. */
async function sent(answer: Answer) {
  const server = await NullServer.start();
  const credentials = async () => ({ accessKeyId: "AKIATEST", secretAccessKey: "secret" });
  const producer = new SqsProducer({ queueUrl: server.queueUrl, region: "eu-west-1", credentials, maxAttempts: 1 });
  server.script("SendMessageBatch", ...Array<Answer>(5).fill(answer));
  try {
    const results = await producer.send([{ body: "a" }, { body: "b" }, { body: "c" }], never);
    return { results, calls: server.calls.length };
  } finally {
    producer.close();
    await server.stop();
  }
}

describe("a message that is sent", () => {
  test("isn't known to be, where the answer doesn't name it, and isn't sent again", async () => {
    const { results, calls } = await sent({ json: { Successful: [{ Id: "1", MessageId: "id-1" }] } });
    const unnamed = { ok: false, unknown: true, detail: expect.stringContaining("isn't known whether it was sent") };
    expect(results).toEqual([unnamed, { ok: true, id: "id-1" }, unnamed]);
    expect(calls).toBe(1);
  });

  test("isn't known to be, where the answer is no JSON", async () => {
    const { results } = await sent({ text: "<html>hello</html>" });
    expect(results).toEqual(Array(3).fill(expect.objectContaining({ ok: false, unknown: true })));
  });

  test.each([
    { Successful: { a: 1 }, Failed: "x" },
    {
      Successful: [null, 5, {}, { Id: "7", MessageId: "id-7" }],
      Failed: [null, { Id: "-1", Code: "X", SenderFault: true }],
    },
  ])("isn't known to be, where the answer names something else: %j", async (json) => {
    const { results, calls } = await sent({ json });
    expect(results).toEqual(Array(3).fill(expect.objectContaining({ ok: false, unknown: true })));
    expect(calls).toBe(1);
  });

  test("is sent though the answer gives it no id that is text", async () => {
    const { results } = await sent({
      json: { Successful: ["0", "1", "2"].map((Id) => ({ Id, MessageId: { a: 1 } })) },
    });
    expect(results).toEqual(Array(3).fill({ ok: true, id: "" }));
  });

  test("is known not to be, where SQS refuses it", async () => {
    const { results } = await sent(refusal("InvalidMessageContents"));
    expect(results).toEqual(Array(3).fill({ ok: false, detail: expect.stringContaining("InvalidMessageContents") }));
  });
});
