import type { DeadLetters } from "../../aws/sqs/dead-letters.js";
import { HeldLetters } from "../../letters/held-letters.js";
import type { Selection } from "../../letters/selection.js";
import { QueueError } from "../../pipeline/ports/queue.js";
import { maskedValue } from "../../text/masked.js";
import { type CommandLine, parseCommandLine, type Typed, UsageError } from "../command-line.js";
import { ExitCode } from "../exit-code.js";
import { printHelp } from "../help.js";
import { isQueue, reach } from "../send/target.js";
import { complain, print, printJson } from "../terminal.js";
import { byCopies, RATE_MAX } from "./copies.js";
import { editorOf } from "./editor.js";
import { EditorGuard } from "./editor-guard.js";
import { untilInterrupted } from "./interrupt.js";
import { moveAll } from "./move.js";
import { Progress } from "./progress.js";
import { SELECTION_OPTIONS, selectionOf } from "./selection.js";
import { TARGET_ABOUT, TARGET_EXITS, TARGET_OPTIONS, withDeadLetters } from "./target.js";

const LOOK_TIMEOUT_MS = 30_000;

const LINE: CommandLine = {
  name: "dlq redrive",
  about: `Sends messages of the dead-letter queue back to the queue that they came from: all, or those that match. All of them are moved by SQS itself where nothing needs selecting; else each is copied, and deleted when its copy was taken. Cut off at any moment, nothing is lost: a message may then be both here and there, with the id that it had at first in the attribute QueuehandMessageId. What fails again meanwhile isn't sent back twice.\n${TARGET_ABOUT}\nOn FIFO queues groups keep their order; a message whose group has one before it that doesn't match stays.`,
  options: [
    ...SELECTION_OPTIONS,
    { name: "rate", value: "N", meaning: `at most N messages a second (1..${RATE_MAX}; default: ${RATE_MAX})` },
    { name: "dry-run", meaning: "tell what would be sent back, and with --edit how it would look; change nothing" },
    {
      name: "edit",
      value: "COMMAND|MODULE",
      meaning:
        "mend each body: a command with the body on stdin that writes the new one (no shell; exit code 0, else the message stays), or a .mjs whose default export is (body, message) => body",
    },
    { name: "copy", meaning: "copy also where SQS could move: the messages keep the id that they had at first" },
    { name: "to", value: "QUEUE", meaning: "the queue to send to, instead of the one that they came from" },
    ...TARGET_OPTIONS,
  ],
  examples: [
    "queuehand dlq redrive",
    'queuehand dlq redrive --reason "schema" --older-than 1h --rate 20 --dry-run',
    `queuehand dlq redrive --where /version=1 --edit "jq -c '.version = 2'"`,
  ],
  exits: [
    ["0", "all that match were sent back"],
    ["1", "some were not, or interrupted: each reason is told"],
    ...TARGET_EXITS,
  ],
};

/** `queuehand dlq redrive`. */
export async function redrive(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  const selection = selectionOf(typed, Date.now());
  const rate = typed.integer("rate", 1, RATE_MAX);
  const guard = new EditorGuard();
  try {
    return await redriveOf(typed, selection, rate, guard);
  } finally {
    guard.release();
  }
}

async function redriveOf(
  typed: Typed,
  selection: Selection,
  rate: number | undefined,
  guard: EditorGuard,
): Promise<number> {
  const edit = typed.text("edit");
  if (edit !== undefined) guard.watch();
  const editor = edit === undefined ? undefined : await editorOf(edit, guard);
  const given = typed.text("to");
  if (given !== undefined && !isQueue(given)) {
    throw new UsageError(`--to must be a queue's URL, name or ARN, got "${maskedValue(given)}"`);
  }
  const to = given === undefined ? undefined : (await reach(given, "--to")).queueUrl;
  return withDeadLetters(typed, async (letters) => {
    const target = targetOf(letters, to);
    if (typed.flag("dry-run")) await lookAt(letters, target);
    const held = new HeldLetters();
    const stop = untilInterrupted(held);
    const byMove = selection.everything && !edit && !typed.flag("dry-run") && !typed.flag("copy") && to === undefined;
    // A queue that serves several holds messages that belong elsewhere, and SQS would move these too.
    if (byMove && !letters.shared && letters.queue.arn && letters.source?.arn) {
      const code = await bySqs(letters, letters.source.arn, rate, stop, typed.flag("json"));
      if (code !== undefined) return code;
    }
    return byCopies(letters, target, { typed, selection, editor, guard, rate, held, stop });
  });
}

function targetOf(letters: DeadLetters, given: string | undefined): string {
  const to = given ?? letters.source?.url;
  if (to === undefined) {
    throw new UsageError(`--to is needed: it isn't known which queue the messages of ${letters.queue.url} came from`);
  }
  if (to === letters.queue.url)
    throw new UsageError(`--to must differ from the dead-letter queue, got "${maskedValue(to)}" for both`);
  if (to.endsWith(".fifo") !== letters.fifo) {
    throw new UsageError(`--to must be ${letters.fifo ? "a FIFO queue" : "no FIFO queue"} as the dead-letter queue is`);
  }
  return to;
}

/** A dry run sends nothing, and would find out by itself no more than that all letters can be read. */
async function lookAt(letters: DeadLetters, target: string): Promise<void> {
  try {
    await letters.look(target, AbortSignal.timeout(LOOK_TIMEOUT_MS));
  } catch (error) {
    // To send to a queue needs no permission to look at it.
    if (!(error instanceof QueueError) || !/AccessDenied/i.test(error.message)) throw error;
    complain(`it isn't known whether ${target} is there: ${error.message}`);
  }
}

async function bySqs(
  letters: DeadLetters,
  to: string,
  perSecond: number | undefined,
  stop: AbortSignal,
  json: boolean,
): Promise<number | undefined> {
  const startedAt = performance.now();
  const progress = new Progress("moving", letters.count, json);
  const end = await moveAll(letters, { to, perSecond, stop, progress }).finally(() => progress.end());
  if (!end) {
    if (!json) complain("SQS doesn't move messages here: they are copied");
    return undefined;
  }
  const { moved: redriven, interrupted } = end;
  const source = maskedValue(letters.source!.url);
  if (json) {
    const from = maskedValue(letters.queue.url);
    const elapsedMs = Math.round(performance.now() - startedAt);
    printJson({ by: "sqs", from, to: source, redriven, interrupted, elapsedMs });
  } else {
    print(`SQS moved about ${redriven} messages to ${source}`);
    if (interrupted) complain("interrupted: the rest stays where it is");
  }
  return interrupted ? ExitCode.failed : ExitCode.ok;
}
