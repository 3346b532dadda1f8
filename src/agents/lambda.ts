import { Checkpoint } from "../pipeline/checkpoint.js";
import { systemClock } from "../pipeline/clock.js";
import type { Run } from "../pipeline/handler.js";
import type { Outcome } from "../pipeline/outcome.js";
import type { ReceivedMessage } from "../pipeline/queue.js";
import { CHECKPOINT_MS, checkExtension, RunAborted } from "../pipeline/run-control.js";
import type { Agent } from "./define-handler.js";
import { InProcessHandler } from "./in-process.js";
import { receivedFromRecord, type SqsEvent } from "./lambda-event.js";
import { lambdaLog } from "./lambda-log.js";
import { agentMessage, type Message, parsedBody } from "./message.js";

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
  readonly onReject?: (message: Message, reason: string) => Promise<void>;
}

export type LambdaHandler = (event: SqsEvent, context: LambdaContext) => Promise<SqsBatchResponse>;

/** Before the function's own timeout, for agents that heed their abort, and for the answer. */
const RESERVE_MS = 2_000;
const RESERVE_SHARE = 0.2;
/** Before the abort, what agents have to save their checkpoints; of a short time a share. */
const CHECKPOINT_SHARE = 0.1;

/**
 * The same agent under an SQS event source mapping that reports batch item failures. The messages of a batch run at
 * once; those of one message group one after another, and a group stops at its first failure, so that its order holds.
 *
 * `done` deletes. Everything else leaves the message to the queue: it comes again when its visibility timeout ends.
 * The seconds of Retry and Defer can't be heeded, and a Defer counts as a receive here, since Lambda holds the leases.
 * The deadline is the function's own timeout, less a reserve; `extend` can't move it.
 */
export function toLambda(agent: Agent, options: LambdaOptions = {}): LambdaHandler {
  return async (event, context) => {
    const remaining = context.getRemainingTimeInMillis();
    const reserve = Math.min(RESERVE_MS, remaining * RESERVE_SHARE);
    const batch = new Batch(agent, options, Date.now() + remaining - reserve);
    const failed = await batch.run(event.Records.map(receivedFromRecord), remaining - reserve, reserve / 2);
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/** One invocation. */
class Batch {
  readonly #handler: InProcessHandler;
  readonly #options: LambdaOptions;
  readonly #run: InvocationRun;

  constructor(agent: Agent, options: LambdaOptions, deadline: number) {
    this.#handler = new InProcessHandler(agent, { logFor: logOf });
    this.#options = options;
    this.#run = new InvocationRun(deadline);
  }

  /** The ids of what isn't done `graceMs` after the time is up, or as soon as all has ended. */
  async run(messages: readonly ReceivedMessage[], timeMs: number, graceMs: number): Promise<string[]> {
    const open = new Set(messages.map(({ id }) => id));
    const lanes = [...lanesOf(messages)].map(async (lane) => {
      for (const message of lane) {
        if (this.#run.aborted || !(await this.#isDone(message))) return;
        open.delete(message.id);
      }
    });
    let timer: NodeJS.Timeout | undefined;
    const saveMs = Math.min(CHECKPOINT_MS, timeMs * CHECKPOINT_SHARE);
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        void this.#run.save(saveMs);
        timer = setTimeout(() => {
          this.#run.abort();
          timer = setTimeout(resolve, graceMs);
        }, saveMs);
      }, timeMs - saveMs);
    });
    await Promise.race([Promise.all(lanes), late]);
    clearTimeout(timer);
    return [...open];
  }

  /** Whether Lambda may delete the message. */
  async #isDone(message: ReceivedMessage): Promise<boolean> {
    const run = this.#run.of(message);
    const outcome = await this.#handler.run(message, run);
    run.end();
    // An agent that returns after its abort may just have given up.
    if (outcome.kind === "done") return !(this.#run.aborted && run.signalSeen);
    const putAside = outcome.kind === "reject" && (await this.#putAside(message, outcome.reason));
    tell(message, outcome, putAside);
    return putAside;
  }

  async #putAside(message: ReceivedMessage, reason: string): Promise<boolean> {
    const { onReject } = this.#options;
    if (!onReject) return false;
    try {
      await onReject(agentMessage(message, parsedBody(message.body)), reason);
      return true;
    } catch (error) {
      logOf(message).error({ err: error }, "a rejected message could not be put aside");
      return false;
    }
  }
}

/** The messages that have to run one after another: those of a group. Without a group each is on its own. */
function lanesOf(messages: readonly ReceivedMessage[]): Iterable<ReceivedMessage[]> {
  const lanes = new Map<string, ReceivedMessage[]>();
  for (const message of messages) {
    // A group on a standard queue is a tenant and says nothing of order; only a FIFO queue numbers its messages.
    const lane =
      message.groupId !== undefined && message.sequenceNumber ? `group ${message.groupId}` : `id ${message.id}`;
    const members = lanes.get(lane);
    if (members) members.push(message);
    else lanes.set(lane, [message]);
  }
  return lanes.values();
}

const logOf = ({ id, receiveCount }: ReceivedMessage) => lambdaLog({ messageId: id, receiveCount });

function tell(message: ReceivedMessage, outcome: Outcome, putAside: boolean): void {
  const why = outcome.kind === "reject" || outcome.kind === "defer" ? { reason: outcome.reason } : {};
  const error = outcome.kind === "retry" ? { err: outcome.error } : {};
  logOf(message).warn(
    { outcome: outcome.kind, ...why, ...error },
    putAside ? "message put aside" : "message left to the queue",
  );
}

/** What all runs of an invocation share: its deadline and its abort. */
class InvocationRun {
  readonly #controller = new AbortController();
  readonly #checkpoints = new Set<Checkpoint>();

  constructor(private readonly deadline: number) {}

  get aborted(): boolean {
    return this.#controller.signal.aborted;
  }

  abort(): void {
    this.#controller.abort(new RunAborted("timeout", "the function's time is up"));
  }

  /** Lets the agents that want to save where they are. */
  async save(ms: number): Promise<void> {
    await Promise.all([...this.#checkpoints].map((checkpoint) => checkpoint.take("timeout", ms, systemClock)));
  }

  of(message: ReceivedMessage): Run & { readonly signalSeen: boolean; end(): void } {
    const { signal } = this.#controller;
    const { deadline } = this;
    const checkpoints = this.#checkpoints;
    let checkpoint: Checkpoint | undefined;
    let signalSeen = false;
    return {
      get signal() {
        signalSeen = true;
        return signal;
      },
      get signalSeen() {
        return signalSeen;
      },
      deadline,
      extend(seconds) {
        checkExtension(seconds);
        return deadline;
      },
      progress(note) {
        logOf(message).info({ note: String(note).slice(0, 1000) }, "agent reported");
      },
      checkpoint(save) {
        if (checkpoint) return checkpoint.replace(save);
        checkpoint = new Checkpoint(save);
        checkpoints.add(checkpoint);
      },
      end() {
        if (checkpoint) checkpoints.delete(checkpoint);
      },
    };
  }
}
