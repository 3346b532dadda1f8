import type { Clock } from "../../pipeline/ports/clock.js";
import type { Handler, Run } from "../../pipeline/ports/handler.js";
import type { Outcome } from "../../pipeline/ports/outcome.js";
import { type ReceivedMessage, VISIBILITY_MAX_SECONDS } from "../../pipeline/ports/queue.js";
import { described } from "../../pipeline/ports/thrown.js";
import { type Decoding, messageInside } from "./decoding.js";

export interface DecodedOptions {
  /** Runs the agent. */
  readonly handler: Handler;
  readonly decoding: Decoding;
  readonly clock: Clock;
}

/**
 * Shows agents of every kind what the producer said, without what is around it. What can't be read is rejected; what its
 * producer wants to run later is held back, without a run.
 */
export class DecodedHandler implements Handler {
  readonly #options: DecodedOptions;

  constructor(options: DecodedOptions) {
    this.#options = options;
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#options.handler.start?.(signal);
  }

  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    const { handler, decoding, clock } = this.#options;
    let inside: ReturnType<Decoding>;
    try {
      inside = decoding(message);
    } catch (error) {
      return { kind: "reject", reason: `the body can't be decoded: ${described(error).message}` };
    }
    if (!inside) return handler.run(message, run);
    const { notBefore } = inside;
    const waits = notBefore !== undefined && untilThen(notBefore, clock.wall());
    return waits || handler.run(messageInside(message, inside), run);
  }

  async stop(): Promise<void> {
    await this.#options.handler.stop?.();
  }
}

/** How a message that isn't to run before `notBefore` waits; undefined where that is over. Both in epoch milliseconds. */
export function untilThen(notBefore: number, now: number): Extract<Outcome, { kind: "defer" }> | undefined {
  if (notBefore <= now) return undefined;
  return {
    kind: "defer",
    reason: `its producer wants it to run at ${new Date(notBefore).toISOString()}`,
    afterSeconds: Math.min(VISIBILITY_MAX_SECONDS, Math.ceil((notBefore - now) / 1000)),
    awaitsRun: true,
  };
}
