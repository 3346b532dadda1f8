import { describe, expect, test } from "@jest/globals";
import { hasNoMove, MessageMove } from "../../../../src/aws/sqs/message-move.js";
import { SqsCalls } from "../../../../src/aws/sqs/sqs-calls.js";
import { type Answer, NullServer, refusal } from "../../../support/null-server.js";
import { never } from "../../../support/sqs-bundle.js";

const ARN = "arn:aws:sqs:eu-west-1:1:dlq";
/** Such as Go's routers, Flask, and an API gateway answer what they don't know. */
const LINE: Answer = { text: "Bad Request", status: 400 };
const PAGE: Answer = { text: "<!doctype html><title>Not Found</title>", status: 404 };
const PAGE_WITH_SUCCESS: Answer = { text: "<!doctype html><title>Hello</title>" };

/** A move that has begun on a server that says so of it. */
async function moveOn(list: Answer) {
  const server = await NullServer.start();
  const credentials = async () => ({ accessKeyId: "AKIATEST", secretAccessKey: "secret" });
  const calls = await SqsCalls.open(server.queueUrl, { region: "eu-west-1", credentials });
  server.script("StartMessageMoveTask", { json: { TaskHandle: "handle" } });
  server.script("ListMessageMoveTasks", list);
  return {
    move: await MessageMove.start(calls, { from: ARN, to: ARN, perSecond: undefined }, never),
    async [Symbol.asyncDispose]() {
      calls.close();
      await server.stop();
    },
  };
}

/** Whether there is no move, after what was answered to the wish for one and to the question which there are. */
async function withoutMove(start: Answer, list?: Answer): Promise<boolean> {
  const server = await NullServer.start();
  const credentials = async () => ({ accessKeyId: "AKIATEST", secretAccessKey: "secret" });
  const calls = await SqsCalls.open(server.queueUrl, { region: "eu-west-1", credentials });
  server.script("StartMessageMoveTask", start);
  if (list) server.script("ListMessageMoveTasks", list);
  try {
    const wish = MessageMove.start(calls, { from: ARN, to: ARN, perSecond: undefined }, never);
    const error = await wish.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toBeDefined();
    return await hasNoMove(calls, ARN, error, never);
  } finally {
    calls.close();
    await server.stop();
  }
}

describe("what a move says of itself", () => {
  test.each([
    [{ Results: [] }, "unknown", 0, undefined],
    [{ Results: null }, "unknown", 0, undefined],
    [{ Results: [null] }, "unknown", 0, undefined],
    [{ Results: [{ Status: { a: 1 } }] }, "unknown", 0, undefined],
    [{ Results: [{ Status: "COMPLETED", ApproximateNumberOfMessagesMoved: { a: 1 } }] }, "completed", 0, undefined],
    [
      {
        Results: [{ Status: "RUNNING", ApproximateNumberOfMessagesMoved: 3, ApproximateNumberOfMessagesToMove: 5 }],
      },
      "running",
      3,
      5,
    ],
  ])("is read whatever it is: %j", async (json, status, moved, toMove) => {
    await using begun = await moveOn({ json });
    expect(await begun.move.state(never)).toEqual({ status, moved, toMove, failure: undefined });
  });
});

describe("a server without SQS's move", () => {
  test.each([
    ["by SQS's name for it", refusal("UnsupportedOperation"), undefined],
    ["by another server's", refusal("InvalidAction"), undefined],
    ["by a line of text, to both calls", LINE, LINE],
    ["by a page, to both calls", PAGE, PAGE],
    ["by a page that calls itself a success", PAGE_WITH_SUCCESS, PAGE_WITH_SUCCESS],
    ["by a line of text, and knows that none runs", LINE, { json: { Results: [] } }],
  ])("says so %s", async (_name, start, list) => {
    expect(await withoutMove(start, list)).toBe(true);
  });

  test("isn't one whose answer was lost on the way: the move may have begun", async () => {
    expect(await withoutMove(LINE, { json: { Results: [{ Status: "RUNNING" }] } })).toBe(false);
  });

  test("isn't one that refuses for a reason of SQS's", async () => {
    expect(await withoutMove(refusal("ResourceNotFoundException", { message: "no such queue" }))).toBe(false);
  });
});
