import { createInterface } from "node:readline/promises";
import type { DeadLetters } from "../../aws/sqs/dead-letters.js";
import { HeldLetters } from "../../letters/held-letters.js";
import { eachLetter } from "../../letters/letter-pass.js";
import type { Selection } from "../../letters/selection.js";
import { QueueError } from "../../pipeline/ports/queue.js";
import { maskedValue } from "../../text/masked.js";
import { printable } from "../../text/printable.js";
import { type CommandLine, parseCommandLine, UsageError } from "../command-line.js";
import { ExitCode } from "../exit-code.js";
import { CommandError } from "../failure.js";
import { printHelp } from "../help.js";
import { complain, print, printJson } from "../terminal.js";
import { untilInterrupted } from "./interrupt.js";
import { tellRest } from "./ls.js";
import { Progress } from "./progress.js";
import { SELECTION_OPTIONS, selectionOf } from "./selection.js";
import { TARGET_ABOUT, TARGET_EXITS, TARGET_OPTIONS, withDeadLetters } from "./target.js";

/** Of more, reading each would take minutes and a call for ten. */
const COUNTED_MAX = 10_000;

const LINE: CommandLine = {
  name: "dlq purge",
  about: `Deletes messages of the dead-letter queue for good: all, or those that match. Asks first, or takes --yes. They are counted one by one; all of more than ${COUNTED_MAX} are left to SQS, which doesn't count.\n${TARGET_ABOUT}`,
  options: [
    { name: "yes", meaning: "don't ask" },
    { name: "dry-run", meaning: "count what would be deleted, and delete nothing" },
    ...SELECTION_OPTIONS,
    ...TARGET_OPTIONS,
  ],
  examples: ["queuehand dlq purge --dry-run", "queuehand dlq purge --older-than 10d --yes"],
  exits: [["0", "deleted"], ["1", "not deleted: the answer was no, interrupted, or SQS refused"], ...TARGET_EXITS],
};

const never = new AbortController().signal;

/** `queuehand dlq purge`. */
export async function purge(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  const selection = selectionOf(typed, Date.now());
  const json = typed.flag("json");
  const dryRun = typed.flag("dry-run");
  if (!dryRun && !typed.flag("yes") && (json || !process.stdin.isTTY)) {
    throw new UsageError("--yes is needed where nobody can be asked: what is purged is gone");
  }
  return withDeadLetters(typed, async (letters) => {
    const deadLetterQueueUrl = printable(maskedValue(letters.queue.url));
    if (dryRun) {
      const { chosen, complete } = await visitAll(letters, selection, { json, delete: false });
      if (json) printJson({ deadLetterQueueUrl, dryRun, deleted: 0, wouldDelete: chosen, complete });
      else print(`would delete ${messages(chosen)} of ${deadLetterQueueUrl}; a dry run: nothing was deleted`);
      return complete ? ExitCode.ok : ExitCode.failed;
    }
    const which = selection.everything ? `all (about ${letters.count})` : `those that match of about ${letters.count}`;
    const question = `Delete ${which} messages of ${deadLetterQueueUrl} for good? [yes/no] `;
    if (!typed.flag("yes") && !(await agrees(question))) {
      complain("nothing was deleted");
      return ExitCode.failed;
    }
    const { deleted, failed, complete, about } = await deleteChosen(letters, selection, json);
    if (json) printJson({ deadLetterQueueUrl, deleted, failed, complete, approximate: about });
    else print(`deleted ${about ? "about " : ""}${messages(deleted)} of ${deadLetterQueueUrl}`);
    return complete ? ExitCode.ok : ExitCode.failed;
  });
}

const messages = (count: number) => `${count} message${count === 1 ? "" : "s"}`;

/** One by one, and so counted; what of all can't be had that way, since others hold it, is left to SQS. */
async function deleteChosen(letters: DeadLetters, selection: Selection, json: boolean) {
  const { everything } = selection;
  if (everything && letters.count > COUNTED_MAX) {
    await purgeAll(letters);
    return { deleted: letters.count, failed: 0, complete: true, about: true };
  }
  const { chosen, failed, end } = await visitAll(letters, selection, { json, delete: true });
  const deleted = chosen - failed;
  const hidden = end === "all" ? Math.max(0, letters.count - deleted) : 0;
  if (!everything || (hidden === 0 && failed === 0) || end === "stopped") {
    return { deleted, failed, complete: end === "all" && failed === 0, about: false };
  }
  await purgeAll(letters);
  return { deleted: deleted + failed + hidden, failed: 0, complete: true, about: true };
}

async function agrees(question: string): Promise<boolean> {
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await ask.question(question)).trim());
  } finally {
    ask.close();
  }
}

async function purgeAll(letters: DeadLetters): Promise<void> {
  try {
    await letters.purge(never);
  } catch (error) {
    if (error instanceof QueueError && /PurgeQueueInProgress/.test(error.message)) {
      throw new CommandError("SQS purges a queue once a minute at most, and has begun to purge this one already");
    }
    throw error;
  }
}

/** Reads every letter, and deletes those that match where it is told to. */
async function visitAll(letters: DeadLetters, selection: Selection, how: { json: boolean; delete: boolean }) {
  const progress = new Progress(how.delete ? "purging" : "reading", letters.count, how.json);
  const held = new HeldLetters();
  let read = 0;
  let chosen = 0;
  let failed = 0;
  const pass = await eachLetter({
    queue: letters,
    count: letters.count,
    held,
    stop: untilInterrupted(held),
    visit: async (found) => {
      read += found.length;
      const matching = found.filter((letter) => selection.matches(letter));
      chosen += matching.length;
      progress.show(read);
      if (matching.length === 0 || !how.delete) return {};
      const results = await letters.delete(
        matching.map(({ message }) => message.handle),
        never,
      );
      const gone = matching.filter((_, index) => results[index]!.ok).map(({ message }) => message.id);
      failed += matching.length - gone.length;
      return { gone };
    },
  }).finally(() => progress.end());
  const { end } = pass;
  if (!how.json && !(how.delete && selection.everything && end === "all")) tellRest(pass, letters.count);
  return { chosen, failed, end, complete: end === "all" && failed === 0 };
}
