import { expect, jest, test } from "@jest/globals";
import { undecodedMessage } from "../../../src/agents/message.js";
import type { ReceivedMessage } from "../../../src/pipeline/ports/queue.js";

const received = (body: string): ReceivedMessage => ({
  id: "m-1",
  handle: "h-1",
  body,
  attributes: new Map(),
  receiveCount: 1,
  sentAt: 1,
  intact: true,
});

const LARGE = `{"n":1,"text":"${"x".repeat(2_000)}"}`;

test("A large body is parsed when an agent asks for it, once, and not before", () => {
  const parse = jest.spyOn(JSON, "parse");
  try {
    const message = undecodedMessage(received(LARGE));
    expect(message.raw).toBe(LARGE);
    expect(parse).not.toHaveBeenCalled();
    expect(message.body).toMatchObject({ n: 1 });
    expect(message.body).toBe(message.body);
    expect(parse).toHaveBeenCalledTimes(1);
  } finally {
    parse.mockRestore();
  }
});

test.each([
  ["small", "{no"],
  ["large", LARGE.slice(1)],
])("A %s body that is no JSON is the string", (_, body) => {
  expect(undecodedMessage(received(body)).body).toBe(body);
});

test.each([
  ["small", '{"n":1}'],
  ["large", LARGE],
])("A message with a %s body can be copied, told as JSON and changed like any object", (_, raw) => {
  const message = undecodedMessage(received(raw)) as { body: unknown };
  expect({ ...message }).toMatchObject({ id: "m-1", body: { n: 1 }, raw });
  expect(JSON.parse(JSON.stringify(message))).toMatchObject({ body: { n: 1 } });
  message.body = "mine";
  expect(message.body).toBe("mine");
});
