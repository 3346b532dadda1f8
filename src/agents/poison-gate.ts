import type { Ended, Handler, OpenedMessage, Run } from "../pipeline/ports/handler.js";
import type { Identifier } from "../pipeline/ports/idempotency.js";
import type { Outcome } from "../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../pipeline/ports/queue.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import { described } from "../pipeline/ports/thrown.js";

export interface PoisonGateOptions {
  readonly handler: Handler;
  readonly telemetry: Telemetry;
}

/** As many tries as the default maxReceiveCount grants: who took that sees no difference (docs/decisions/012). */
const CRASHES_MAX = 5;
/** Messages whose crashes are remembered; beyond that the oldest is forgotten, and has all its tries again. */
const MESSAGES_MAX = 1_000;

interface Crashes {
  readonly of: string;
  readonly times: number;
}

/**
 * Rejects a message whose agent's process died here of the same five times in a row, instead of feeding it process after
 * process. Any other end of a run begins anew: what gets on isn't poison.
 */
export class PoisonGate implements Handler {
  readonly #handler: Handler;
  readonly #telemetry: Telemetry;
  readonly #crashes = new Map<string, Crashes>();

  constructor({ handler, telemetry }: PoisonGateOptions) {
    this.#handler = handler;
    this.#telemetry = telemetry;
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#handler.start?.(signal);
  }

  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    return this.#judged(await this.#handler.run(message, run), message, run);
  }

  open(message: ReceivedMessage, run: Run, identifier: Identifier): Promise<OpenedMessage | Ended> | undefined {
    return this.#handler.open?.(message, run, identifier)?.then((opened) => {
      if ("ended" in opened) return { ended: this.#judged(opened.ended, message, run) };
      const { identity } = opened;
      const began = async (claimed: Run) => this.#judged(await opened.run(claimed), message, claimed);
      return { identity, run: began, drop: () => opened.drop() };
    });
  }

  async stop(): Promise<void> {
    await this.#handler.stop?.();
  }

  #judged(outcome: Outcome, message: ReceivedMessage, run: Run): Outcome {
    const { id: messageId, receiveCount, groupId } = message;
    const before = this.#crashes.get(messageId);
    this.#crashes.delete(messageId);
    // A process that was told to end dies of that.
    if (outcome.kind !== "retry" || outcome.crash === undefined || run.signal.aborted) return outcome;
    const { crash } = outcome;
    const times = before?.of === crash ? before.times + 1 : 1;
    const delivery = { messageId, receiveCount, ...(groupId === undefined ? undefined : { groupId }) };
    this.#telemetry({ kind: "crashed", delivery, of: crash, times });
    // The queue's count is the surer one: it can't be less, unless a server counts nothing.
    if (times >= CRASHES_MAX && receiveCount >= CRASHES_MAX) {
      return { kind: "reject", reason: `poison: ${times} times in a row ${described(outcome.error).message}` };
    }
    this.#remember(messageId, { of: crash, times });
    return outcome;
  }

  #remember(messageId: string, crashes: Crashes): void {
    this.#crashes.set(messageId, crashes);
    if (this.#crashes.size > MESSAGES_MAX) this.#crashes.delete(this.#crashes.keys().next().value!);
  }
}
