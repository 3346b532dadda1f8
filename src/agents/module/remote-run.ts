import type { AgentRole, RoleCredentials } from "../../pipeline/ports/agent-role.js";
import type { Uses } from "../../pipeline/ports/budget.js";
import type { CheckpointCause, Run, SaveCheckpoint } from "../../pipeline/ports/handler.js";
import type { AbortCause } from "../../pipeline/ports/outcome.js";
import { textOf } from "../../pipeline/ports/thrown.js";
import { checkSave } from "../../pipeline/run/checkpoint.js";
import { checkExtension } from "../../pipeline/run/run-control.js";
import { RunAborted, RunSignal } from "../../pipeline/run/run-signal.js";
import type { AgentLog } from "../context.js";
import type { FromModule, LogLevel, OfRun } from "./module-wire.js";
import {
  credentialsFromWire,
  errorFromWire,
  errorToWire,
  fieldsToWire,
  type WireCredentials,
  type WireError,
} from "./wire-values.js";

const NOTE_MAX = 1_000;
const TEXT_MAX = 4_000;

/** A run as a module's process has it: what the agent asks for is passed on to the worker. */
export class RemoteRun implements Run {
  #deadline: number;
  readonly #signal = new RunSignal();
  readonly #word = Promise.withResolvers<boolean>();
  #save: SaveCheckpoint | undefined;
  #idempotency: Run["idempotency"];
  readonly #takes = new Map<number, PromiseWithResolvers<void>>();
  #asked = 0;

  constructor(
    deadline: number,
    idempotency: Run["idempotency"],
    private readonly say: (what: OfRun) => void,
  ) {
    this.#deadline = deadline;
    this.#idempotency = idempotency;
  }

  get idempotency(): Run["idempotency"] {
    return this.#idempotency;
  }

  /** Whether the agent is to begin, once its decoder has said what the message is. */
  toldToGo(): Promise<boolean> {
    return this.#word.promise;
  }

  go(idempotency: Run["idempotency"]): void {
    this.#idempotency = idempotency;
    this.#word.resolve(true);
  }

  drop(): void {
    this.#word.resolve(false);
  }

  get signal(): AbortSignal {
    return this.#signal.signal;
  }

  get deadline(): number {
    return this.#deadline;
  }

  /** Answers at once with what the worker will most likely say; after about 12 hours that may be less. */
  extend(seconds: number): number {
    checkExtension(seconds);
    if (!this.#signal.reason) {
      this.#deadline = Math.max(this.#deadline, Date.now() + seconds * 1000);
      this.say({ extend: seconds });
    }
    return this.#deadline;
  }

  progress(note: string): void {
    this.say({ progress: textOf(note).slice(0, NOTE_MAX) });
  }

  checkpoint(save: SaveCheckpoint): void {
    checkSave(save);
    if (!this.#save) this.say({ checkpoint: true });
    this.#save = save;
  }

  /** The worker's word that the time has come to save. */
  async saveNow(cause: CheckpointCause): Promise<void> {
    try {
      await this.#save?.(cause);
      this.say({ saved: true });
    } catch (error) {
      this.say({ saved: errorToWire(error) });
    }
  }

  take(budget: string, amount: number): Promise<void> {
    const waiter = Promise.withResolvers<void>();
    this.#takes.set(++this.#asked, waiter);
    this.say({ take: textOf(budget), amount, asked: this.#asked });
    return waiter.promise;
  }

  took(totals: Uses): void {
    this.say({ took: totals });
  }

  /** The worker's answer to `take`. */
  taken(asked: number, error: WireError | undefined): void {
    const waiter = this.#takes.get(asked);
    this.#takes.delete(asked);
    if (error) waiter?.reject(errorFromWire(error));
    else waiter?.resolve();
  }

  /** The worker's word on the deadline. */
  moved(deadline: number): void {
    this.#deadline = deadline;
  }

  abort(cause: AbortCause, detail: string): void {
    this.#signal.abort(new RunAborted(cause, detail));
  }
}

/** The agent's role as a module's process has it: the worker assumes it. */
export class RemoteRole implements AgentRole {
  readonly #waiting = new Map<number, PromiseWithResolvers<RoleCredentials>>();
  #asked = 0;
  #messageId = "";
  #say: (what: OfRun) => void = () => {};

  /** Another message: what was asked for the one before gets no answer any more. */
  begin(messageId: string, say: (what: OfRun) => void): void {
    for (const { reject } of this.#waiting.values()) reject(overdue());
    this.#waiting.clear();
    this.#messageId = messageId;
    this.#say = say;
  }

  /** Rejects when its message isn't at work. */
  async credentialsFor(messageId: string): Promise<RoleCredentials> {
    if (messageId !== this.#messageId) throw overdue();
    const waiter = Promise.withResolvers<RoleCredentials>();
    this.#waiting.set(++this.#asked, waiter);
    this.#say({ askCredentials: this.#asked });
    return waiter.promise;
  }

  /** The role is the worker's to close. */
  close(): void {}

  answered(asked: number, wire: WireCredentials): void {
    const waiter = this.#waiting.get(asked);
    this.#waiting.delete(asked);
    try {
      waiter?.resolve(credentialsFromWire(wire));
    } catch (error) {
      waiter?.reject(error);
    }
  }
}

const overdue = () => new Error("the run that asked for credentials is over");

/** A log whose lines the worker writes. */
export function remoteLog(say: (what: FromModule) => void): AgentLog {
  const at =
    (log: LogLevel) =>
    (fields: object | string, text?: string): void => {
      const given = typeof fields === "string" ? {} : fieldsToWire(fields);
      say({ log, fields: given, text: textOf((typeof fields === "string" ? fields : text) ?? "").slice(0, TEXT_MAX) });
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
