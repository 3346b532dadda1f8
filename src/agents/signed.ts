import type { Handler, Run } from "../pipeline/ports/handler.js";
import type { Outcome } from "../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../pipeline/ports/queue.js";
import { deadLetterMarks } from "../pipeline/settle/dead-letter-marks.js";
import type { SignatureCheck } from "./events/signature.js";

/** Lets an agent see only messages that are signed: headers of a webhook as attributes, the raw body as the body. */
export class SignedHandler implements Handler {
  readonly #handler: Handler;
  readonly #check: SignatureCheck;

  constructor(handler: Handler, check: SignatureCheck) {
    this.#handler = handler;
    this.#check = check;
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#handler.start?.(signal);
  }

  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    const { body, attributes, sentAt } = message;
    const reason = this.#check.faultOf({
      body,
      header: (name) => headerOf(attributes, name),
      receivedAt: sentAt ?? Date.now(),
      redriven: deadLetterMarks(attributes).messageId !== undefined,
    });
    return reason === undefined ? this.#handler.run(message, run) : { kind: "reject", reason };
  }

  async stop(): Promise<void> {
    await this.#handler.stop?.();
  }
}

function headerOf(attributes: ReceivedMessage["attributes"], name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const [candidate, { string }] of attributes) if (candidate.toLowerCase() === wanted) return string;
  return undefined;
}
