import { describe, expect, test } from "@jest/globals";
import { BYTES_MAX, deadLetterCopy } from "../../../../src/aws/sqs/dead-letter-copy.js";
import { letterOf } from "../../../../src/aws/sqs/letter.js";
import type { MessageAttribute } from "../../../../src/pipeline/ports/queue.js";

const attributes = (count: number) =>
  new Map(
    Array.from({ length: count }, (_, n): [string, MessageAttribute] => [`a${n}`, { type: "String", string: "v" }]),
  );

/** How a letter is told to have come that a worker has copied, and how the same that others have sent. */
function ways(body: string, count: number) {
  const message = {
    id: "5fea7756-0ea4-451a-a703-a558b933e274",
    handle: "h",
    body,
    attributes: attributes(count),
    receiveCount: 1,
    sentAt: 0,
    intact: true,
  };
  const { entry } = deadLetterCopy({ message, reason: "bad ".repeat(100) }, false);
  const wire = { MessageId: "2", ReceiptHandle: "h", Body: entry.MessageBody };
  const own = Object.fromEntries(
    [...message.attributes].map(([name, { type, string }]) => [name, { DataType: type, StringValue: string! }]),
  );
  return [
    letterOf({ ...wire, MessageAttributes: { ...entry.MessageAttributes } })!.way,
    letterOf({ ...wire, MessageAttributes: own })!.way,
  ];
}

describe("How a letter came", () => {
  test("is known wherever it leaves room to say so", () => {
    expect(ways("small", 0)).toEqual(["rejected", "sent"]);
    expect(ways("small", 9)).toEqual(["rejected", "sent"]);
    expect(ways("x".repeat(BYTES_MAX - 200), 0)).toEqual(["rejected", "sent"]);
  });

  test("isn't where it doesn't: nobody is said to have sent what a worker may have copied", () => {
    expect(ways("small", 10)).toEqual(["unmarked", "unmarked"]);
    expect(ways("x".repeat(BYTES_MAX), 0)).toEqual(["unmarked", "unmarked"]);
    expect(ways("x".repeat(BYTES_MAX - 199), 0)).toEqual(["unmarked", "unmarked"]);
    expect(ways("x".repeat(BYTES_MAX - 100), 0)).toEqual(["unmarked", "unmarked"]);
  });
});
