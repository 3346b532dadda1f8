import type { Estimated } from "../../pipeline/ports/handler.js";
import type { Outcome } from "../../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import type { ToModule } from "./module-wire.js";
import { messageToWire } from "./wire-values.js";

/** A function of `uses` that takes longer than this hangs, and its process with it. */
const ANSWER_MS = 5_000;

/** What a module's process is asked of a message before its run: what it takes of budgets. */
export class EstimateQuestion {
  #asked = 0;
  #waiting: ((answer: Estimated) => void) | undefined;

  /** @param kill ends the process, which then tells by `died` how it ended. */
  constructor(
    private readonly say: (what: ToModule) => void,
    private readonly kill: (why: string) => void,
  ) {}

  /** One at a time. Never rejects. */
  async ask(message: ReceivedMessage): Promise<Estimated> {
    const { promise, resolve } = Promise.withResolvers<Estimated>();
    this.#waiting = resolve;
    this.say({ estimate: messageToWire(message), asked: ++this.#asked });
    const timer = setTimeout(() => this.kill(`uses took longer than ${ANSWER_MS / 1000} s`), ANSWER_MS);
    const answer = await promise;
    clearTimeout(timer);
    this.#waiting = undefined;
    return answer;
  }

  /** False when nobody waits for this answer. */
  answered(asked: number, answer: Estimated): boolean {
    if (asked !== this.#asked || !this.#waiting) return false;
    this.#waiting(answer);
    return true;
  }

  /** Its process has ended. */
  died(ended: Outcome): void {
    this.#waiting?.({ ended });
  }
}
