import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { App, BootstraplessSynthesizer, CfnOutput, type IStackSynthesizer, Stack } from "aws-cdk-lib";
import { Vpc } from "aws-cdk-lib/aws-ec2";
import { QueuehandService } from "../../src/cdk/queuehand-service.js";
import { containerSuite } from "../support/container-suite.js";
import { eventually } from "../support/eventually.js";
import { MiniStack } from "../support/stacks/ministack.js";
import { Records } from "../support/stacks/records.js";
import { recordingAgent } from "../support/stacks/service-bundle.js";

const START_TIMEOUT_MS = 180_000;

/** The template of an app with one service, without what MiniStack doesn't have: Application Auto Scaling, and its alarms. */
function synthesised(image: string): string {
  const app = new App({ analyticsReporting: false });
  const stack = new Stack(app, "Shop", { synthesizer: new BootstraplessSynthesizer() as IStackSynthesizer });
  const vpc = Vpc.fromVpcAttributes(stack, "Vpc", {
    vpcId: "vpc-00000001",
    availabilityZones: ["a", "b"],
    privateSubnetIds: ["subnet-00000001", "subnet-00000002"],
  });
  const { queue, deadLetterQueue } = new QueuehandService(stack, "Agents", {
    image,
    vpc,
    agent: { environment: { POLL_INTERVAL_SECONDS: "1" }, concurrency: 5 },
    task: { architecture: "X86_64" },
    rollbackAlarm: false,
  });
  new CfnOutput(stack, "QueueUrl", { value: queue.queueUrl });
  new CfnOutput(stack, "DeadLetterQueueUrl", { value: deadLetterQueue.queueUrl });
  const { template } = app.synth({ skipValidation: true }).getStackByName("Shop");
  const kept = Object.entries(template.Resources as Record<string, { Type: string }>).filter(
    ([, { Type }]) => !/^AWS::(ApplicationAutoScaling|CloudWatch)::/.test(Type),
  );
  return JSON.stringify({ ...template, Resources: Object.fromEntries(kept) });
}

containerSuite("the construct's stack on MiniStack", () => {
  let ministack: MiniStack;
  beforeAll(async () => {
    ministack = await MiniStack.start();
  }, START_TIMEOUT_MS);
  afterAll(() => ministack?.stop(), START_TIMEOUT_MS);

  test(
    "works on messages",
    async () => {
      const template = synthesised(await recordingAgent());
      const { QueueUrl, DeadLetterQueueUrl } = await ministack.stacks.deploy("Shop", "queue", {}, () => template);
      const records = await Records.create(ministack.stacks.sqs);
      const ids = Array.from({ length: 20 }, (_, index) => `cdk-${index}`);
      await ministack.stacks.send(QueueUrl!, records.bodies(ids, 20));
      await eventually(
        async () => ({ ...(await ministack.stacks.counts(QueueUrl!)), ...(await records.account(ids)) }),
        ({ visible, inFlight, missing }) => visible + inFlight + missing.length === 0,
      );
      expect(await records.account(ids)).toEqual({ missing: [], doubled: [] });
      expect((await ministack.stacks.counts(DeadLetterQueueUrl!)).visible).toBe(0);
    },
    START_TIMEOUT_MS,
  );
});
