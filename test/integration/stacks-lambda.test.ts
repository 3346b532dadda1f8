import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { containerSuite } from "../support/container-suite.js";
import { eventually } from "../support/eventually.js";
import { uploadFunction } from "../support/stacks/bundle.js";
import { MiniStack } from "../support/stacks/ministack.js";
import { Records } from "../support/stacks/records.js";
import type { Values } from "../support/stacks/stacks.js";

const START_TIMEOUT_MS = 180_000;

containerSuite("the stacks queue and lambda on MiniStack", () => {
  let ministack: MiniStack;
  let queue: Values;
  let records: Records;

  beforeAll(async () => {
    ministack = await MiniStack.start();
    const { stacks } = ministack;
    queue = await stacks.deploy("work", "queue");
    records = await Records.create(stacks.sqs);
    const code = await uploadFunction(stacks, "test/support/stacks/agent/lambda-agent.mjs");
    // Where CloudFormation makes a number of a number parameter, MiniStack hands a text on, which its poller can't compare.
    const asNumber = (text: string) => text.replace("!Ref MaxConcurrency", "2");
    await stacks.deploy("work-lambda", "lambda", { QueueArn: queue.QueueArn!, ...code }, asNumber);
  }, START_TIMEOUT_MS);
  afterAll(() => ministack?.stop(), START_TIMEOUT_MS);

  test("the same agent handles messages under Lambda, and only the one that fails stays on the queue", async () => {
    const { stacks } = ministack;
    const good = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    const [bad] = records.bodies(["bad"], 0, { fails: true });

    await stacks.send(queue.QueueUrl!, [bad!, ...records.bodies(good, 10)]);

    await eventually(
      async () => ({ ...(await records.account(good)), ...(await stacks.counts(queue.QueueUrl!)) }),
      ({ missing, visible, inFlight }) => missing.length === 0 && visible + inFlight === 1,
    );
    expect(await records.account([...good, "bad"])).toEqual({ missing: ["bad"], doubled: [] });
  });
});
