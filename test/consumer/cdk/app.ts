/** An app of the AWS CDK with a service of agents; synthesised, and looked into as `cdk diff` would. */
import assert from "node:assert/strict";
import { App, Duration, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { QueuehandService } from "queuehand/cdk";

const stack = new Stack(new App({ analyticsReporting: false }), "Shop");
const agents = new QueuehandService(stack, "Agents", {
  image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:0",
  agent: {
    isolation: "process",
    concurrency: 20,
    timeout: Duration.minutes(5),
    secrets: { MODEL_KEY: new Secret(stack, "ModelKey") },
    passOn: ["MODEL_KEY"],
  },
  task: { memoryMiB: 4096 },
  scaling: { minTasks: 1, maxTasks: 50, spotPercent: 75 },
});
new Bucket(stack, "Results").grantWrite(agents);
agents.metricSlotDemand().createAlarm(stack, "Busy", { threshold: 100, evaluationPeriods: 3 });

const template = Template.fromStack(stack);
template.resourceCountIs("AWS::ECS::Service", 1);
template.hasResourceProperties("AWS::ApplicationAutoScaling::ScalableTarget", { MinCapacity: 1, MaxCapacity: 50 });
assert.throws(
  () => new QueuehandService(stack, "TooLarge", { image: "shop", agent: { concurrency: 50 } }),
  /must not exceed Memory/,
);
