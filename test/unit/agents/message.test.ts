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

test("A body is parsed when an agent asks for it, once, and not before", () => {
  const parse = jest.spyOn(JSON, "parse");
  try {
    const message = undecodedMessage(received('{"n":1}'));
    expect(message.raw).toBe('{"n":1}');
    expect(parse).not.toHaveBeenCalled();
    expect(message.body).toEqual({ n: 1 });
    expect(message.body).toBe(message.body);
    expect(parse).toHaveBeenCalledTimes(1);
  } finally {
    parse.mockRestore();
  }
});

test("A body that is no JSON is the string", () => {
  expect(undecodedMessage(received("{no")).body).toBe("{no");
});

test("A message can be copied, told as JSON and changed like any object", () => {
  const message = undecodedMessage(received("[1]")) as { body: unknown };
  expect({ ...message }).toMatchObject({ id: "m-1", body: [1], raw: "[1]" });
  expect(JSON.parse(JSON.stringify(message))).toMatchObject({ body: [1] });
  message.body = "mine";
  expect(message.body).toBe("mine");
});
