export type { AgentLog, Context } from "./agents/context.js";
export { decodeAs } from "./agents/decoded/decode-as.js";
export {
  type Agent,
  type AgentFunction,
  defineHandler,
  type HandlerDefinition,
  type Undecoded,
} from "./agents/define-handler.js";
export { type BusEvent, eventBridge } from "./agents/events/event-bridge.js";
export { type S3Object, s3Objects, s3ObjectsFrom } from "./agents/events/s3-objects.js";
export type { SignatureOptions, SignatureScheme } from "./agents/events/signature.js";
export { snsBody } from "./agents/events/sns-body.js";
export { type WebhookOptions, webhook } from "./agents/events/webhook.js";
export { type LambdaHandler, type LambdaIdempotency, type LambdaOptions, toLambda } from "./agents/lambda/lambda.js";
export type { Message } from "./agents/message.js";
export { busyIf, type ProviderAnswer, pauseOf } from "./agents/provider-word.js";
export { Skip } from "./agents/skip.js";
export { type Config, ConfigError, loadConfig } from "./config/config.js";
export { lambdaIdempotency } from "./lambda.js";
export type { AgentRole, RoleCredentials } from "./pipeline/ports/agent-role.js";
export type { BlockEnd, BlockRequest, BudgetTable } from "./pipeline/ports/budget-table.js";
export type { CheckpointCause, Handler, Run, SaveCheckpoint } from "./pipeline/ports/handler.js";
export {
  type Claim,
  type ClaimEnd,
  type ClaimRequest,
  type HoldEnd,
  type IdempotencyTable,
  TableError,
} from "./pipeline/ports/idempotency.js";
export {
  type AbortCause,
  Busy,
  Defer,
  type Outcome,
  type OutcomeKind,
  Reject,
  Retry,
} from "./pipeline/ports/outcome.js";
export type { Queue, ReceivedMessage } from "./pipeline/ports/queue.js";
export type { WorkerStatus } from "./pipeline/ports/status.js";
export type { Fact, Telemetry } from "./pipeline/ports/telemetry.js";
export type { TraceContext } from "./pipeline/ports/trace.js";
export { withQueueUrls } from "./worker/queue-urls.js";
export { createWorker, type RunResult, type Snapshot, type Worker, type WorkerOptions } from "./worker/worker.js";
