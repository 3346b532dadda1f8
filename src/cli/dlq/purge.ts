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

const LINE: CommandLine = {
  name: "dlq purge",
  about: `Deletes messages of the dead-letter queue for good: all, or those that match. Asks first, or takes --yes.\n${TARGET_ABOUT}`,
  options: [{ name: "yes", meaning: "don't ask" }, ...SELECTION_OPTIONS, ...TARGET_OPTIONS],
  examples: ["queuehand dlq purge", "queuehand dlq purge --older-than 10d --yes"],
  exits: [["0", "deleted"], ["1", "not deleted: the answer was no, interrupted, or SQS refused"], ...TARGET_EXITS],
};

const never = new AbortController().signal;

/** `queuehand dlq purge`. */
export async function purge(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  const selection = selectionOf(typed, Date.now());
  const json = typed.flag("json");
  if (!typed.flag("yes") && (json || !process.stdin.isTTY)) {
    throw new UsageError("--yes is needed where nobody can be asked: what is purged is gone");
  }
  return withDeadLetters(typed, async (letters) => {
    const url = printable(maskedValue(letters.queue.url));
    const which = selection.everything ? `all (about ${letters.count})` : `those that match of about ${letters.count}`;
    if (!typed.flag("yes") && !(await agrees(`Delete ${which} messages of ${url} for good? [yes/no] `))) {
      complain("nothing was deleted");
      return ExitCode.failed;
    }
    const { deleted, failed, complete } = selection.everything
      ? await purgeAll(letters)
      : await purgeSome(letters, selection, json);
    if (json) {
      printJson({ deadLetterQueueUrl: url, deleted, failed, complete });
    } else print(`deleted ${selection.everything ? "about " : ""}${deleted} messages of ${url}`);
    return complete ? ExitCode.ok : ExitCode.failed;
  });
}

async function agrees(question: string): Promise<boolean> {
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await ask.question(question)).trim());
  } finally {
    ask.close();
  }
}

async function purgeAll(letters: DeadLetters) {
  try {
    await letters.purge(never);
  } catch (error) {
    if (error instanceof QueueError && /PurgeQueueInProgress/.test(error.message)) {
      throw new CommandError("SQS purges a queue once a minute at most, and has begun to purge this one already");
    }
    throw error;
  }
  return { deleted: letters.count, failed: 0, complete: true };
}

async function purgeSome(letters: DeadLetters, selection: Selection, json: boolean) {
  const progress = new Progress("purging", letters.count, json);
  const held = new HeldLetters();
  let read = 0;
  let deleted = 0;
  let failed = 0;
  const pass = await eachLetter({
    queue: letters,
    count: letters.count,
    held,
    stop: untilInterrupted(held),
    visit: async (found) => {
      read += found.length;
      const chosen = found.filter((letter) => selection.matches(letter));
      let gone: string[] = [];
      if (chosen.length > 0) {
        const handles = chosen.map(({ message }) => message.handle);
        const results = await letters.delete(handles, never);
        gone = chosen.filter((_, index) => results[index]!.ok).map(({ message }) => message.id);
      }
      deleted += gone.length;
      failed += chosen.length - gone.length;
      progress.show(read);
      return { gone };
    },
  }).finally(() => progress.end());
  if (!json) tellRest(pass, letters.count);
  return { deleted, failed, complete: pass.end === "all" && failed === 0 };
}
