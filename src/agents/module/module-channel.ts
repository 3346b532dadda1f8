import type { Duplex } from "node:stream";
import type { DeclaredUses, Estimates, Uses } from "../../pipeline/ports/budget.js";
import type { Ended, Estimated } from "../../pipeline/ports/handler.js";
import type { Identity } from "../../pipeline/ports/idempotency.js";
import type { Outcome } from "../../pipeline/ports/outcome.js";
import { VISIBILITY_MAX_SECONDS } from "../../pipeline/ports/queue.js";
import { textOf } from "../../pipeline/ports/thrown.js";
import { usesFromWire } from "../message-uses.js";
import { readPaced } from "../process/paced-lines.js";
import { type FromModule, LOG_LEVELS, type LogLevel, type OfRun, type ToModule } from "./module-wire.js";
import { errorFromWire, fieldsFromWire, identityFromWire, LINE_BYTES_MAX, outcomeFromWire } from "./wire-values.js";

/** More than any honest agent says. */
const LINES_PER_SECOND = 20_000;

/** Who listens to what is said of a run. */
export interface RunListener {
  end(outcome: Outcome): void;
  /** What the agent's decoder says that the message is. */
  identified(identity: Identity): void;
  extend(seconds: number): void;
  progress(note: string): void;
  checkpoint(): void;
  /** `error`: why it wasn't. */
  saved(error: Error | undefined): void;
  answerCredentials(asked: number): void;
  take(budget: string, amount: number, asked: number): void;
  /** Throws a RangeError where that can't be. */
  took(totals: Uses): void;
}

/** Who listens to a module's process. */
export interface ModuleListener {
  /** `decodes`: the agent has a decoder of its own; `uses`: what each message takes of budgets. */
  onReady(decodes: boolean, uses: DeclaredUses | undefined): void;
  /** The answer to `estimate`; false when nobody waits for it. */
  onEstimates(asked: number, answer: Estimated): boolean;
  onUnfit(why: string): void;
  /** The run with this number, if it goes on. */
  runOf(number: number): RunListener | undefined;
  /** As the process says itself, after a run. */
  onResident(bytes: number): void;
  onLog(level: LogLevel, fields: Record<string, unknown>, text: string): void;
  /** A line that counts for nothing. */
  onFault(fault: string): void;
}

/** The worker's end of descriptor 3 of a module's process. An agent may write to the other end: no line is trusted. */
export class ModuleChannel {
  readonly #stream: Duplex;
  readonly #listener: ModuleListener;
  readonly #askedFirst: boolean;

  /** @param askedFirst whether the process is asked for its estimates before a run. */
  constructor(stream: Duplex, listener: ModuleListener, askedFirst: boolean) {
    this.#askedFirst = askedFirst;
    this.#stream = stream;
    this.#listener = listener;
    readPaced(stream, {
      bytesMax: LINE_BYTES_MAX,
      linesPerSecond: LINES_PER_SECOND,
      onLine: (line, left) => this.#heard(line, left),
    });
  }

  say(what: ToModule): void {
    this.#stream.write(`${JSON.stringify(what)}\n`);
  }

  /** Lets the process end. */
  end(): void {
    this.#stream.end();
  }

  #heard(line: string, bytesLeft: number): void {
    const listener = this.#listener;
    let said: FromModule;
    try {
      said = JSON.parse(line);
    } catch {
      return listener.onFault("not JSON");
    }
    if (bytesLeft > 0 || typeof said !== "object" || said === null) return listener.onFault("not an object of ours");
    if ("of" in said) {
      const run = listener.runOf(said.of);
      if (!run) listener.onFault("of a run that is over");
      else if (!this.#heardOf(run, said)) listener.onFault("no word that is known");
    } else if ("log" in said && LOG_LEVELS.includes(said.log) && isObject(said.fields)) {
      listener.onLog(said.log, fieldsFromWire(said.fields), textOf(said.text));
    } else if ("ready" in said) {
      listener.onReady(said.decodes === true, usesFromWire(said.uses, this.#askedFirst));
    } else if ("estimates" in said && isObject(said.estimates)) {
      const { estimates, isError, asked } = said;
      const ended: Ended = { ended: { kind: "retry", error: errorFromWire(estimates) } };
      if (!listener.onEstimates(asked, isError ? ended : { estimates: estimates as Estimates })) {
        listener.onFault("estimates that nobody asked for");
      }
    } else if ("unfit" in said) {
      listener.onUnfit(textOf(said.unfit));
    } else {
      listener.onFault("no word that is known");
    }
  }

  /** There may be no such budget, or it can't have been so much. */
  #took(run: RunListener, totals: Uses): void {
    try {
      run.took(totals);
    } catch (error) {
      this.#listener.onFault(`took: ${(error as Error).message}`);
    }
  }

  /** False when it makes no sense. */
  #heardOf(run: RunListener, said: OfRun): boolean {
    if ("ended" in said && isObject(said.ended)) {
      this.#listener.onResident(typeof said.residentBytes === "number" ? said.residentBytes : 0);
      run.end(outcomeFromWire(said.ended));
    } else if ("identity" in said) {
      const identity = identityFromWire(said.identity);
      if (!identity) return false;
      run.identified(identity);
    } else if ("extend" in said && isExtension(said.extend)) {
      run.extend(said.extend);
    } else if ("progress" in said) {
      run.progress(textOf(said.progress));
    } else if ("checkpoint" in said) {
      run.checkpoint();
    } else if ("saved" in said && (said.saved === true || isObject(said.saved))) {
      run.saved(said.saved === true ? undefined : errorFromWire(said.saved));
    } else if ("askCredentials" in said && Number.isInteger(said.askCredentials)) {
      run.answerCredentials(said.askCredentials);
    } else if ("take" in said && typeof said.take === "string" && Number.isInteger(said.asked)) {
      run.take(said.take, said.amount, said.asked);
    } else if ("took" in said && isObject(said.took)) {
      this.#took(run, said.took);
    } else {
      return false;
    }
    return true;
  }
}

function isExtension(seconds: unknown): boolean {
  return typeof seconds === "number" && seconds >= 1 && seconds <= VISIBILITY_MAX_SECONDS;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
