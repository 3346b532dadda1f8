import { describe, expect, test } from "@jest/globals";
import type { OutgoingMessage, SendResult } from "../../../../src/aws/sqs/sqs-producer.js";
import { LargeBodies } from "../../../../src/cli/send/large-bodies.js";
import type { PayloadPointer } from "../../../../src/pipeline/ports/payload.js";

const MIB = 2 ** 20;
const never = new AbortController().signal;

function setup(place = "large") {
  const sent: OutgoingMessage[] = [];
  const written = new Map<string, string>();
  const sender = {
    send: async (messages: readonly OutgoingMessage[]): Promise<SendResult[]> => {
      sent.push(...messages);
      return messages.map((_, index) => ({ ok: true, id: `id-${index}` }));
    },
  };
  const payloads = {
    write: async ({ bucket, key }: PayloadPointer, body: string) => {
      if (body.startsWith("!")) throw new Error("its payload can't be written");
      written.set(`${bucket}/${key}`, body);
    },
  };
  return { sent, written, large: new LargeBodies(sender, payloads, place) };
}

describe("Bodies too large for SQS", () => {
  test("go into the bucket, and pointers to the queue; small ones go as they are", async () => {
    const { large, sent, written } = setup("large/from/tests/");
    const body = "é".repeat(MIB / 2 + 1);
    const attributes = new Map([["source", { type: "String", string: "import" }]]);
    const results = await large.send([{ body: "small" }, { body, attributes, groupId: "a" }], never);
    expect(results).toEqual([
      { ok: true, id: "id-0" },
      { ok: true, id: "id-1" },
    ]);
    expect(sent[0]).toEqual({ body: "small" });
    const [place, payload] = [...written][0]!;
    expect(payload).toBe(body);
    expect(place).toMatch(/^large\/from\/tests\/[\da-f-]{36}$/);
    const [name, where] = JSON.parse(sent[1]!.body);
    expect(name).toBe("software.amazon.payloadoffloading.PayloadS3Pointer");
    expect(`${where.s3BucketName}/${where.s3Key}`).toBe(place);
    expect([sent[1]!.groupId, [...sent[1]!.attributes!]]).toEqual([
      "a",
      [...attributes, ["ExtendedPayloadSize", { type: "Number", string: String(MIB + 2) }]],
    ]);
  });

  test("count with their attributes", async () => {
    const { large, written } = setup();
    const attributes = new Map([["a", { type: "String", string: "x" }]]);
    await large.send([{ body: "x".repeat(MIB - 8), attributes }], never);
    expect(written.size).toBe(0);
    await large.send([{ body: "x".repeat(MIB - 7), attributes }], never);
    expect(written.size).toBe(1);
  });

  test("that can't be put aside fail alone", async () => {
    const { large, sent } = setup();
    const full = new Map(Array.from({ length: 10 }, (_, n) => [`a${n}`, { type: "String", string: "x" }]));
    const bodies = [{ body: "!".repeat(MIB + 1) }, { body: "small" }, { body: "x".repeat(MIB), attributes: full }];
    expect(await large.send(bodies, never)).toEqual([
      { ok: false, detail: "its payload can't be written" },
      { ok: true, id: "id-0" },
      { ok: false, detail: "a pointer needs one of the 10 attributes, and the message has 10" },
    ]);
    expect(sent).toEqual([{ body: "small" }]);
  });
});
