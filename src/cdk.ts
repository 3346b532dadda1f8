/** `queuehand/cdk`: agents on Fargate as a construct of the AWS CDK; aws-cdk-lib and constructs are the app's own. */
export type {
  AgentProps,
  QueuehandServiceProps,
  QueueOfYours,
  QueueToMake,
  ScalingProps,
  SecretSource,
  TaskProps,
} from "./cdk/props.js";
export { QueuehandService } from "./cdk/queuehand-service.js";
export { TemplateError } from "./scaling/template-error.js";
