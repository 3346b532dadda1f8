import { describe, expect, test } from "@jest/globals";
import { SourceQueue } from "../../../../src/aws/sqs/source-queue.js";
import type { DeadLetter, ReceivedMessage } from "../../../../src/pipeline/ports/queue.js";
import { never, sqsBundle } from "../../../support/sqs-bundle.js";

const message: ReceivedMessage = {
  id: "m",
  handle: "h",
  body: "{}",
  attributes: new Map(),
  receiveCount: 1,
  sentAt: undefined,
  intact: true,
};
const letter: DeadLetter = { message, reason: "never" };

describe("a queue of which it isn't known yet whether it has a dead-letter queue", () => {
  test("takes copies, and refuses them once it knows that there is none", async () => {
    await using bundle = await sqsBundle();
    bundle.server.script("GetQueueAttributes", { json: { Attributes: { VisibilityTimeout: "30" } } });
    const queue = new SourceQueue(bundle.options);
    expect(queue.hasNoDeadLetters).toBe(false);
    const refused = { ok: false, kind: "refused", detail: "the queue has no dead-letter queue" };
    expect(await queue.copyToDeadLetters([letter, letter], never)).toEqual([refused, refused]);
    expect(queue.hasNoDeadLetters).toBe(true);
    // A copy that was decided on before is asked for after.
    expect(await queue.copyToDeadLetters([letter], never)).toEqual([refused]);
    queue.close();
  });

  test("says that it can't tell yet when nobody waits any longer", async () => {
    await using bundle = await sqsBundle();
    bundle.server.script("GetQueueAttributes", "silence");
    const queue = new SourceQueue(bundle.options);
    const given = new AbortController();
    const copying = queue.copyToDeadLetters([letter], given.signal);
    await bundle.server.seen("GetQueueAttributes");
    given.abort();
    expect(await copying).toMatchObject([{ ok: false, kind: "again" }]);
    queue.close();
  });

  test("copies where there is one", async () => {
    await using bundle = await sqsBundle();
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: "arn:aws:sqs:eu-west-1:1:dead", maxReceiveCount: 5 });
    bundle.server.script("GetQueueAttributes", { json: { Attributes: { RedrivePolicy } } });
    bundle.server.script("GetQueueUrl", { json: { QueueUrl: `${bundle.server.endpoint}/1/dead` } });
    const queue = new SourceQueue(bundle.options);
    expect(await queue.copyToDeadLetters([letter], never)).toEqual([{ ok: true }]);
    expect(queue.hasNoDeadLetters).toBe(false);
    queue.close();
  });
});
