import { systemClock } from "../../pipeline/ports/clock.js";
import type { Run } from "../../pipeline/ports/handler.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { textOf } from "../../pipeline/ports/thrown.js";
import { Checkpoint } from "../../pipeline/run/checkpoint.js";
import { checkExtension } from "../../pipeline/run/run-control.js";
import { RunAborted } from "../../pipeline/run/run-signal.js";
import { messageLog } from "./lambda-log.js";

/** Longest note of an agent's that is told, in characters. */
const NOTE_MAX = 1_000;

/** What all runs of an invocation share: its deadline and its abort. */
export class InvocationRun {
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
        messageLog(message).info({ note: textOf(note).slice(0, NOTE_MAX) }, "agent reported");
      },
      checkpoint(save) {
        if (checkpoint) return checkpoint.replace(save);
        checkpoint = new Checkpoint(save);
        checkpoints.add(checkpoint);
      },
      // Under Lambda nobody keeps budgets: there is no queue of ours to wait in.
      async take() {},
      took() {},
      end() {
        if (checkpoint) checkpoints.delete(checkpoint);
      },
    };
  }
}
