import { done, type Outcome } from "../../pipeline/ports/outcome.js";
import { crashOf } from "../process/crash.js";
import type { ErrorLines } from "../process/error-lines.js";
import { type Exit, howItEnded } from "../process/exit.js";

/** sysexits.h */
const EX_DATAERR = 65;
const REASON_MAX = 500;

/** A program ended in a way that means: try again. Without a stack, which would tell of the worker alone. */
export class ProgramFailed extends Error {
  override readonly name = "ProgramFailed";
  constructor(message: string) {
    super(message);
    this.stack = `${this.name}: ${message}`;
  }
}

/**
 * What a program's exit is worth: 0 done, 65 reject, all others (75 = EX_TEMPFAIL among them) retry. A program that
 * rejects says why in its last line on stderr; one that fails may have left that to its runtime.
 */
export function outcomeOfExit(exit: Exit, { last, telling }: Pick<ErrorLines, "last" | "telling">): Outcome {
  if (exit.code === 0) return done;
  if (exit.code === EX_DATAERR) {
    return { kind: "reject", reason: last.slice(0, REASON_MAX) || "the program ended with exit code 65" };
  }
  const error = new ProgramFailed(`the program ${howItEnded(exit, telling)}`);
  return { kind: "retry", error, crash: crashOf(exit) };
}
