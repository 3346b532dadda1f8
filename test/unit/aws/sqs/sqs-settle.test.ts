import { describe, expect, test } from "@jest/globals";
import { never, sqsBundle } from "../../../support/sqs-bundle.js";

describe("a batch", () => {
  test("names its entries by position, whatever the handles are", async () => {
    await using bundle = await sqsBundle();
    await bundle.queue.delete(["AQEB/+=", "b"], never);
    const [call] = await bundle.server.seen("DeleteMessageBatch");
    expect(call!.input).toEqual({
      QueueUrl: bundle.server.queueUrl,
      Entries: [
        { Id: "0", ReceiptHandle: "AQEB/+=" },
        { Id: "1", ReceiptHandle: "b" },
      ],
    });
  });

  test("asks for whole seconds, rounded up", async () => {
    await using bundle = await sqsBundle();
    await bundle.queue.changeVisibility([{ handle: "a", seconds: 0.2 }], never);
    const [call] = await bundle.server.seen("ChangeMessageVisibilityBatch");
    expect(call!.input.Entries).toEqual([{ Id: "0", ReceiptHandle: "a", VisibilityTimeout: 1 }]);
  });

  test("tells entry by entry how it ended, in the order asked", async () => {
    await using bundle = await sqsBundle();
    const failed = (Id: number, Code: string, SenderFault: boolean, Message = "no") => ({
      Id: String(Id),
      Code,
      SenderFault,
      Message,
    });
    bundle.server.script("ChangeMessageVisibilityBatch", {
      json: {
        Successful: [{ Id: "8" }, { Id: "0" }],
        Failed: [
          failed(7, "InternalError", false),
          failed(1, "ReceiptHandleIsInvalid", true),
          failed(2, "MessageNotInflight", true),
          failed(3, "AWS.SimpleQueueService.MessageNotInflight", true),
          failed(4, "InvalidParameterValue", true, "The receipt handle has expired"),
          failed(
            5,
            "InvalidParameterValue",
            true,
            "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
          ),
          failed(6, "RequestThrottled", true),
        ],
      },
    });
    const changes = Array.from({ length: 10 }, (_, index) => ({ handle: `h${index}`, seconds: 60 }));
    const results = await bundle.queue.changeVisibility(changes, never);
    expect(results.map((result) => (result.ok ? "ok" : result.kind))).toEqual([
      "ok",
      "stale",
      "stale",
      "stale",
      "stale",
      "refused",
      "again",
      "again",
      "ok",
      // Nobody named it: it is not known to be done.
      "again",
    ]);
    expect(results[5]).toMatchObject({ detail: expect.stringContaining("43200") });
  });

  test.each([{}, { Successful: null, Failed: null }, { Successful: [{}], Failed: [{}] }])(
    "with the answer %j leaves every entry to another try",
    async (json) => {
      await using bundle = await sqsBundle();
      bundle.server.script("DeleteMessageBatch", { json });
      expect(await bundle.queue.delete(["a", "b"], never)).toMatchObject([
        { ok: false, kind: "again" },
        { ok: false, kind: "again" },
      ]);
    },
  );

  test("on a connection that the server closed meanwhile is sent again at once", async () => {
    await using bundle = await sqsBundle();
    await bundle.queue.delete(["a"], never);
    bundle.server.script("DeleteMessageBatch", "reset");
    expect(await bundle.queue.delete(["b"], never)).toEqual([{ ok: true }]);
    const calls = await bundle.server.seen("DeleteMessageBatch", 3);
    expect(calls.map(({ connection }) => connection)).toEqual([1, 1, 2]);
  });

  test("on a fresh connection that is reset fails, and is the pipeline's to repeat", async () => {
    await using bundle = await sqsBundle();
    bundle.server.script("DeleteMessageBatch", "reset");
    await expect(bundle.queue.delete(["a"], never)).rejects.toMatchObject({ kind: "unreachable" });
    expect(await bundle.server.seen("DeleteMessageBatch")).toHaveLength(1);
  });

  test("does not wait behind open polls, however many", async () => {
    await using bundle = await sqsBundle();
    bundle.server.script("ReceiveMessage", ...Array<"silence">(60).fill("silence"));
    const given = new AbortController();
    const polls = Array.from({ length: 60 }, () => bundle.queue.receive(1, 20, given.signal).catch(() => "given up"));
    await bundle.server.seen("ReceiveMessage", 60);
    expect(await bundle.queue.delete(["a"], never)).toEqual([{ ok: true }]);
    given.abort();
    expect(await Promise.all(polls)).toEqual(Array(60).fill("given up"));
  });

  test("that was given up before it began makes no call", async () => {
    await using bundle = await sqsBundle();
    await expect(bundle.queue.delete(["a"], AbortSignal.abort("late"))).rejects.toMatchObject({ kind: "deadline" });
    expect(bundle.server.calls).toEqual([]);
  });
});

describe("credentials", () => {
  test("that never come end with the call's signal", async () => {
    await using bundle = await sqsBundle({ credentials: () => new Promise(() => {}) });
    const given = new AbortController();
    const call = bundle.queue.delete(["a"], given.signal);
    given.abort("the lease ended");
    await expect(call).rejects.toMatchObject({ kind: "deadline" });
    expect(bundle.server.calls).toEqual([]);
  });

  test("that fail are an outage, not the queue's end", async () => {
    await using bundle = await sqsBundle({ credentials: async () => Promise.reject(new Error("endpoint down")) });
    await expect(bundle.queue.delete(["a"], never)).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringContaining("endpoint down"),
    });
  });

  test("go into each call, the session token included", async () => {
    await using bundle = await sqsBundle({
      credentials: async () => ({ accessKeyId: "AKIAX", secretAccessKey: "s", sessionToken: "token" }),
    });
    await bundle.queue.delete(["a"], never);
    const [call] = await bundle.server.seen("DeleteMessageBatch");
    expect(call!.headers.authorization).toContain("Credential=AKIAX/");
    expect(call!.headers["x-amz-security-token"]).toBe("token");
  });
});
