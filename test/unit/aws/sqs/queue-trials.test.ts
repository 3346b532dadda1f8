import { describe, expect, test } from "@jest/globals";
import { tryDeadLetterCopy, tryQueueCalls } from "../../../../src/aws/sqs/queue-trials.js";
import { makeSqsClient } from "../../../../src/aws/sqs/sqs-client.js";
import { NullServer, refusal } from "../../../support/null-server.js";
import { never } from "../../../support/sqs-bundle.js";

async function setup() {
  const server = await NullServer.start();
  const credentials = async () => ({ accessKeyId: "AKIATEST", secretAccessKey: "secret" });
  const client = await makeSqsClient({ queueUrl: server.queueUrl, region: "eu-west-1", credentials });
  return {
    server,
    verdicts: async () =>
      (await tryQueueCalls(client, server.queueUrl, never)).map(({ action, verdict }) => `${action} ${verdict}`),
    copy: () => tryDeadLetterCopy(client, server.queueUrl, never),
    operations: () => server.calls.map(({ operation }) => operation),
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server.stop();
    },
  };
}

describe("the tries of a queue's calls", () => {
  test("receive nothing on a server that takes more than SQS does, and say so", async () => {
    await using bundle = await setup();
    expect(await bundle.verdicts()).toContain("sqs:ReceiveMessage untried");
    expect(bundle.operations()).not.toContain("ReceiveMessage");
  });

  test("ask for more than a receive gives where a batch of as many was refused", async () => {
    await using bundle = await setup();
    // Whichever of the two deletes is the first.
    const tooMany = refusal("TooManyEntriesInBatchRequest");
    bundle.server.script("DeleteMessageBatch", tooMany, tooMany);
    bundle.server.script("ReceiveMessage", refusal("InvalidParameterValue"));
    expect(await bundle.verdicts()).toEqual([
      "sqs:ReceiveMessage permitted",
      "sqs:DeleteMessage permitted",
      "sqs:ChangeMessageVisibility permitted",
    ]);
    const [call] = await bundle.server.seen("ReceiveMessage");
    // Where it is granted all the same, nothing is hidden by it.
    expect(call!.input).toMatchObject({ MaxNumberOfMessages: 11, VisibilityTimeout: 0 });
  });

  test("name no message: there is no handle of one, and no batch that sends one", async () => {
    await using bundle = await setup();
    await bundle.verdicts();
    bundle.server.script("SendMessageBatch", refusal("EmptyBatchRequest"));
    expect(await bundle.copy()).toMatchObject({ verdict: "permitted" });
    const [send] = await bundle.server.seen("SendMessageBatch");
    expect(send!.input.Entries).toEqual([]);
    for (const { input } of bundle.server.calls) {
      for (const { ReceiptHandle } of (input.Entries ?? []) as { ReceiptHandle: string }[]) {
        expect(ReceiptHandle).toMatch(/^queuehand-doctor/);
      }
    }
  });

  test("tell a denial", async () => {
    await using bundle = await setup();
    bundle.server.script("SendMessageBatch", refusal("AccessDeniedException", { status: 403 }));
    expect(await bundle.copy()).toMatchObject({ verdict: "denied" });
  });
});
