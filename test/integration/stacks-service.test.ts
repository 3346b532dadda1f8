import { createHmac } from "node:crypto";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { containerSuite } from "../support/container-suite.js";
import { eventually } from "../support/eventually.js";
import { ServiceBundle } from "../support/stacks/service-bundle.js";

const START_TIMEOUT_MS = 180_000;

containerSuite("the stacks queue, cluster and service on MiniStack", () => {
  let bundle: ServiceBundle;
  beforeAll(async () => {
    bundle = await ServiceBundle.start();
  }, START_TIMEOUT_MS);
  afterAll(() => bundle?.ministack.stop(), START_TIMEOUT_MS);

  test("messages sent to the stack's queue are handled by the stack's tasks", async () => {
    const ids = await bundle.send("first", 30, 50);

    await bundle.settled(ids);

    const tasks = await bundle.ministack.taskContainers();
    const hosts = new Set((await bundle.finished()).map(({ host }) => host));
    expect(tasks.map((id) => id.slice(0, 12))).toEqual([...hosts]);
    expect(await bundle.account(ids)).toEqual({ missing: [], doubled: [] });
  });

  test(
    "an update replaces the tasks without losing, doubling or hiding a message, and keeps their number",
    async () => {
      await bundle.scaleTo(2);
      const before = await bundle.ministack.taskContainers();
      const ids = await bundle.send("update", 200, 400);

      const deployed = bundle.deploy({ LogLevel: "debug" });
      for (let round = 0; round < 10; round++) ids.push(...(await bundle.send(`during-${round}`, 20, 400)));
      await deployed;
      await eventually(
        () => bundle.ministack.taskContainers(),
        (tasks) => tasks.length === 2 && !tasks.some((task) => before.includes(task)),
      );

      await bundle.settled(ids);
      expect(await bundle.account(ids)).toEqual({ missing: [], doubled: [] });
      expect(await bundle.desiredCount()).toBe(2);
    },
    START_TIMEOUT_MS,
  );

  test(
    "scale-in ends busy tasks without losing, doubling or hiding a message",
    async () => {
      await bundle.scaleTo(3);
      const ids = await bundle.send("scale-in", 300, 500);
      await eventually(
        () => bundle.ministack.stacks.counts(bundle.queue.QueueUrl!),
        ({ inFlight }) => inFlight >= 20,
      );

      await bundle.scaleTo(1);

      await bundle.settled(ids);
      expect(await bundle.account(ids)).toEqual({ missing: [], doubled: [] });
      const { visible } = await bundle.ministack.stacks.counts(bundle.queue.DeadLetterQueueUrl!);
      expect(visible).toBe(0);
    },
    START_TIMEOUT_MS,
  );

  test(
    "a secret of Secrets Manager reaches the worker, which lets signed messages alone run their agents",
    async () => {
      const before = await bundle.ministack.taskContainers();
      const secret = "queuehand test";
      const WebhookSecretArn = await bundle.ministack.secret("hooks", secret);
      await bundle.deploy({ WebhookSignature: "X-Signature/hex:HOOK_SECRET", WebhookSecretArn });
      await eventually(
        () => bundle.ministack.taskContainers(),
        (tasks) => tasks.length > 0 && !tasks.some((task) => before.includes(task)),
      );

      const signature = (key: string) => (body: string) => createHmac("sha256", key).update(body).digest("hex");
      await bundle.sendWith("signed", "X-Signature", signature(secret));
      await bundle.sendWith("forged", "X-Signature", signature("another"));

      await bundle.settled(["signed"]);
      const { Messages = [] } = await bundle.ministack.stacks.sqs.send(
        new ReceiveMessageCommand({ QueueUrl: bundle.queue.DeadLetterQueueUrl!, MessageAttributeNames: ["All"] }),
      );
      expect(Messages.map(({ MessageAttributes }) => MessageAttributes?.QueuehandReason?.StringValue)).toEqual([
        "the webhook's signature is wrong",
      ]);
      expect((await bundle.finished()).map(({ id }) => id)).not.toContain("forged");
    },
    START_TIMEOUT_MS,
  );
});
