import type { Handler } from "../../pipeline/ports/handler.js";
import { checkedOutcome, type Outcome, outcomeOfError } from "../../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { CHECKPOINT_MS } from "../../pipeline/run/run-control.js";
import { alike } from "../../text/alike.js";
import { agentMessage, type Message, parsedBody } from "../message.js";
import { InvocationRun } from "./invocation-run.js";
import { messageLog } from "./lambda-log.js";

/** Puts a rejected message aside; when it resolves, Lambda may delete the message. */
export type OnReject = (message: Message, reason: string) => Promise<void>;

/** Before the abort, what agents have to save their checkpoints; of a short time a share. */
const CHECKPOINT_SHARE = 0.1;

/**
 * The messages of one invocation. They run at once; those of one message group one after another, and a group stops at
 * its first failure, so that its order holds.
 */
export class LambdaBatch {
  readonly #handler: Handler;
  readonly #onReject: OnReject | undefined;
  readonly #run: InvocationRun;

  /** @param deadline epoch milliseconds at which the runs are aborted. */
  constructor(handler: Handler, onReject: OnReject | undefined, deadline: number) {
    this.#handler = handler;
    this.#onReject = onReject;
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
    if (!message.intact) {
      messageLog(message).warn({ reason: message.damage }, "message came damaged: left to the queue");
      return false;
    }
    const run = this.#run.of(message);
    const outcome = await this.#handler.run(message, run).then(checkedOutcome, outcomeOfError);
    run.end();
    // An agent that returns after its abort may just have given up.
    if (outcome.kind === "done") return !(this.#run.aborted && run.signalSeen);
    const putAside = outcome.kind === "reject" && (await this.#putAside(message, outcome.reason));
    tell(message, outcome, putAside);
    return putAside;
  }

  async #putAside(message: ReceivedMessage, reason: string): Promise<boolean> {
    if (!this.#onReject) return false;
    try {
      await this.#onReject(agentMessage(message, parsedBody(message.body)), reason);
      return true;
    } catch (error) {
      messageLog(message).error({ err: error }, "a rejected message could not be put aside");
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

function tell(message: ReceivedMessage, outcome: Outcome, putAside: boolean): void {
  const why = outcome.kind === "reject" || outcome.kind === "defer" ? outcome.reason : undefined;
  const error = outcome.kind === "retry" ? outcome.error : undefined;
  messageLog(message).warn(
    {
      outcome: outcome.kind,
      ...(why !== undefined && { reason: why, errorKind: alike(why) }),
      ...(error !== undefined && { err: error }),
    },
    putAside ? "message put aside" : "message left to the queue",
  );
}
