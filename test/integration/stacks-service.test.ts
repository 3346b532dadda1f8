import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { promisify } from "node:util";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { SETTINGS } from "../../src/config/settings.js";
import { containerSuite } from "../support/container-suite.js";
import { eventually } from "../support/eventually.js";
import { ServiceBundle } from "../support/stacks/service-bundle.js";

const exec = promisify(execFile);

/** The variables of a container, its image's included. */
async function environmentOf(container: string): Promise<Record<string, string>> {
  const { stdout } = await exec("docker", ["inspect", "--format", "{{json .Config.Env}}", container]);
  const pairs = (JSON.parse(stdout) as string[]).map((pair) => [
    pair.split("=", 1)[0]!,
    pair.slice(pair.indexOf("=") + 1),
  ]);
  return Object.fromEntries(pairs);
}

const START_TIMEOUT_MS = 180_000;

containerSuite("the stacks queue, cluster and service on MiniStack", () => {
  let bundle: ServiceBundle;
  beforeAll(async () => {
    bundle = await ServiceBundle.start();
  }, START_TIMEOUT_MS);
  afterAll(() => bundle?.ministack.stop(), START_TIMEOUT_MS);

  test("a setting that isn't given isn't set, so that the image's own holds", async () => {
    const tasks = await eventually(
      () => bundle.ministack.taskContainers(),
      ({ length }) => length > 0,
    );
    const settings = Object.keys(await environmentOf(tasks[0]!)).filter((name) =>
      SETTINGS.some((setting) => setting.name === name),
    );
    // The handler is the image's.
    expect(settings.sort()).toEqual(["DLQ_URL", "HANDLER", "POLL_INTERVAL_SECONDS", "SQS_QUEUE_URL"]);
  });

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
      const AgentSecretArns = await bundle.ministack.secret("model", "of the agent's own");
      const own = { AgentSecretNames: "MODEL_KEY", AgentSecretArns };
      await bundle.deploy({ WebhookSignature: "X-Signature/hex:HOOK_SECRET", WebhookSecretArn, ...own });
      await eventually(
        () => bundle.ministack.taskContainers(),
        (tasks) => tasks.length > 0 && !tasks.some((task) => before.includes(task)),
      );

      const [task] = await bundle.ministack.taskContainers();
      expect(await environmentOf(task!)).toMatchObject({ MODEL_KEY: "of the agent's own", HOOK_SECRET: secret });

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
