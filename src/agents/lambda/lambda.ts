import type { Handler } from "../../pipeline/ports/handler.js";
import { givenTracing } from "../../tracing/given-tracing.js";
import { TracedHandler } from "../../tracing/traced-handler.js";
import type { Agent } from "../define-handler.js";
import { InProcessHandler } from "../in-process.js";
import { LambdaBatch, type OnReject } from "./lambda-batch.js";
import { receivedFromRecord, recordsOf, type SqsEvent } from "./lambda-event.js";
import { lambdaLog, messageLog } from "./lambda-log.js";

/** What a function's invocation is given besides the event; only what is read here. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/** The answer for an event source mapping with ReportBatchItemFailures: what is not in it, Lambda deletes. */
export interface SqsBatchResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

export interface LambdaOptions {
  /**
   * Called with a message that the agent rejected, to put it aside: in a dead-letter queue of one's own, a bucket.
   * When it resolves, Lambda deletes the message. Without it, or when it rejects, the message comes again, and the
   * queue's redrive policy takes it away in the end.
   */
  readonly onReject?: OnReject;
  /** Lets the agent run once for each key: `lambdaIdempotency()`. Unset: it runs as often as a message comes. */
  readonly idempotency?: LambdaIdempotency;
}

/** Guards the agent for the messages of one queue, as `lambdaIdempotency` makes it. */
export type LambdaIdempotency = (agent: Handler, queueName: string) => Handler;

export type LambdaHandler = (event: SqsEvent, context: LambdaContext) => Promise<SqsBatchResponse>;

/** At most so long before the function's own timeout is the abort, for agents that heed it, and for the answer. */
export const RESERVE_MS = 2_000;
const RESERVE_SHARE = 0.2;

/**
 * The same agent under an SQS event source mapping that reports batch item failures. The messages of a batch run at
 * once; those of one message group one after another, and a group stops at its first failure, so that its order holds.
 *
 * `done` deletes. Everything else leaves the message to the queue: it comes again when its visibility timeout ends.
 * The seconds of Retry and Defer can't be heeded, and a Defer counts as a receive here, since Lambda holds the leases.
 * The deadline is the function's own timeout, less a reserve; `extend` can't move it.
 */
export function toLambda(agent: Agent, options: LambdaOptions = {}): LambdaHandler {
  const { idempotency, onReject } = options;
  if (!idempotency && process.env.IDEMPOTENCY_TABLE) {
    lambdaLog({}).warn("IDEMPOTENCY_TABLE is set, but toLambda was given no idempotency: agents run unguarded");
  }
  const inProcess = new InProcessHandler(agent, { logFor: messageLog });
  const made = new Map<string, TracedHandler>();
  const handlerFor = async (queueName: string): Promise<TracedHandler> => {
    const known = made.get(queueName);
    if (known) return known;
    const handler = idempotency ? idempotency(inProcess, queueName) : inProcess;
    const traced = new TracedHandler({ handler, tracing: givenTracing, queueUrl: queueName });
    made.set(queueName, traced);
    await traced.begin(() => {});
    return traced;
  };
  return async (event, context) => {
    const records = recordsOf(event);
    const remaining = context.getRemainingTimeInMillis();
    const reserve = Math.min(RESERVE_MS, remaining * RESERVE_SHARE);
    // A batch is of one event source mapping, and so of one queue.
    const queueName = records[0]?.eventSourceARN?.split(":").at(-1) ?? "";
    const handler = await handlerFor(queueName);
    const batch = new LambdaBatch(handler, onReject, Date.now() + remaining - reserve);
    const failed = await batch.run(records.map(receivedFromRecord), remaining - reserve, reserve / 2);
    await handler.flush(reserve / 4);
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}
