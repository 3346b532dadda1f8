import { readFileSync } from "node:fs";
import type { AgentLog } from "../../src/agents/context.js";
import type { Uses } from "../../src/pipeline/ports/budget.js";
import type { Run, SaveCheckpoint } from "../../src/pipeline/ports/handler.js";
import type { AbortCause } from "../../src/pipeline/ports/outcome.js";
import type { MessageAttribute, ReceivedMessage } from "../../src/pipeline/ports/queue.js";
import { RunAborted } from "../../src/pipeline/run/run-signal.js";

/** One line that an agent's log was given. */
export interface Entry {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string | undefined;
}

/** A log that keeps its lines. */
export class KeptLog {
  readonly entries: Entry[] = [];
  readonly logFor = (): AgentLog => {
    const at =
      (level: string) =>
      (fields: object | string, text?: string): void => {
        const given = typeof fields === "string" ? { fields: {}, text: fields } : { fields: { ...fields }, text };
        this.entries.push({ level, ...given });
      };
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  };

  /** The lines of output of a stream. */
  wrote(stream: "stdout" | "stderr"): unknown[] {
    return this.entries.filter(({ fields }) => fields.stream === stream).map(({ fields }) => fields.line);
  }
}

/** A run without a worker: what the agent asks for is kept, and it is aborted by hand. */
export class HandRun implements Run {
  readonly #controller = new AbortController();
  readonly extended: number[] = [];
  readonly notes: string[] = [];
  /** What the agent took of budgets beyond its start, and the sums that it told. */
  readonly taken: [string, number][] = [];
  readonly totals: Record<string, number> = {};
  deadline = Date.now() + 60_000;
  idempotency: Run["idempotency"];
  /** What the agent gave to be called before its abort. */
  save: SaveCheckpoint | undefined;
  /** Called at each note. */
  onNote: ((note: string) => void) | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  extend(seconds: number): number {
    this.extended.push(seconds);
    this.deadline = Math.max(this.deadline, Date.now() + seconds * 1000);
    return this.deadline;
  }

  checkpoint(save: SaveCheckpoint): void {
    this.save = save;
  }

  async take(budget: string, amount: number): Promise<void> {
    this.taken.push([budget, amount]);
  }

  took(totals: Uses): void {
    Object.assign(this.totals, totals);
  }

  progress(note: string): void {
    this.notes.push(note);
    this.onNote?.(note);
  }

  /** Resolves at the first note that is `note`. */
  noted(note: string): Promise<void> {
    return new Promise((resolve) => {
      this.onNote = (given) => given === note && resolve();
    });
  }

  abort(cause: AbortCause): void {
    this.#controller.abort(new RunAborted(cause, `aborted by the test: ${cause}`));
  }
}

/** A message as a receive brings it. */
export function received(
  body: string,
  more: Partial<Omit<ReceivedMessage, "attributes">> & { attributes?: [string, MessageAttribute][] } = {},
): ReceivedMessage {
  return {
    id: "message-1",
    handle: "handle-1",
    body,
    receiveCount: 1,
    sentAt: 1_700_000_000_000,
    intact: true,
    ...more,
    attributes: new Map(more.attributes),
  };
}

/** Whether a process lives, zombies left out of account. */
export function lives(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat[stat.lastIndexOf(")") + 2] !== "Z";
  } catch {
    return false;
  }
}
