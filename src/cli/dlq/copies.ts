import type { DeadLetters } from "../../aws/sqs/dead-letters.js";
import type { HeldLetters } from "../../letters/held-letters.js";
import { eachLetter } from "../../letters/letter-pass.js";
import { Pace } from "../../letters/pace.js";
import { Redriver } from "../../letters/redriver.js";
import type { Selection } from "../../letters/selection.js";
import { maskedValue } from "../../text/masked.js";
import type { Typed } from "../command-line.js";
import { ExitCode } from "../exit-code.js";
import { printJson } from "../terminal.js";
import type { EditorGuard } from "./editor-guard.js";
import { tellRest } from "./ls.js";
import { largeLetters } from "./payloads.js";
import { Progress } from "./progress.js";
import { tell, tellLate } from "./redrive-report.js";

/** Messages a second: what SQS's own move does at most. */
export const RATE_MAX = 500;

export interface CopyOptions {
  readonly typed: Typed;
  readonly selection: Selection;
  readonly editor: ConstructorParameters<typeof Redriver>[0]["editor"];
  readonly guard: EditorGuard;
  readonly rate: number | undefined;
  readonly held: HeldLetters;
  readonly stop: AbortSignal;
}

/** Copies each letter that matches to the queue `to`, and deletes it when its copy was taken; tells, and returns the exit code. */
export async function byCopies(letters: DeadLetters, to: string, given: CopyOptions): Promise<number> {
  const { typed, selection, editor, guard, held, stop } = given;
  const rate = given.rate ?? RATE_MAX;
  const json = typed.flag("json");
  const dryRun = typed.flag("dry-run");
  const startedAt = performance.now();
  const progress = new Progress(dryRun ? "reading" : "redriving", letters.count, json);
  const payloads = selection.looksInside || editor ? await largeLetters(letters.queue.url) : undefined;
  const redriver = new Redriver({
    queue: letters,
    to,
    sourceArn: typed.text("to") === undefined ? letters.source?.arn : undefined,
    selection,
    editor,
    payloads,
    pace: new Pace(rate),
    dryRun,
    stop,
    startedAt: Date.now(),
    onProgress: ({ read, matching, redriven }) => progress.show(read - matching + redriven),
  });
  const { tally } = redriver;
  const pass = await eachLetter({
    queue: letters,
    count: letters.count,
    perSecond: dryRun ? undefined : rate,
    held,
    stop,
    visit: redriver.visit,
  }).finally(() => {
    payloads?.close();
    progress.end();
    // Whatever ends the pass: what was done by then is done.
    if (json) return;
    tell(tally, to, dryRun);
    tellLate(guard.late);
  });
  const all = pass.end === "all" && tally.redriven === tally.matching && tally.doubled.length === 0;
  const { late } = guard;
  const complete = all && late.length === 0;
  if (json) {
    const elapsedMs = Math.round(performance.now() - startedAt);
    const ends = { from: maskedValue(letters.queue.url), to: maskedValue(to) };
    printJson({ by: "copy", ...ends, dryRun, ...tally, late, interrupted: stop.aborted, complete, elapsedMs });
  } else if (pass.end !== "all" || pass.hidden > 0) tellRest(pass, letters.count);
  return complete ? ExitCode.ok : ExitCode.failed;
}
