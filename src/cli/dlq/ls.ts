import { type LetterGroup, LetterGroups } from "../../letters/groups.js";
import { HeldLetters } from "../../letters/held-letters.js";
import { eachLetter, type PassEnd } from "../../letters/letter-pass.js";
import { WAYS } from "../../letters/ways.js";
import { maskedValue } from "../../text/masked.js";
import { printable } from "../../text/printable.js";
import { type CommandLine, parseCommandLine } from "../command-line.js";
import { ExitCode } from "../exit-code.js";
import { printHelp } from "../help.js";
import { complain, print, printJson } from "../terminal.js";
import { ago } from "./ago.js";
import { untilInterrupted } from "./interrupt.js";
import { largeLetters } from "./payloads.js";
import { Progress } from "./progress.js";
import { SELECTION_OPTIONS, selectionOf } from "./selection.js";
import { TARGET_ABOUT, TARGET_EXITS, TARGET_OPTIONS, withDeadLetters } from "./target.js";

const LINE: CommandLine = {
  name: "dlq ls",
  about: `Counts the messages of the dead-letter queue by how they came there and by the agent's error, with the oldest and the newest. Nothing is lost: while it reads, the messages are hidden; then they are shown again. Each look counts as a receive.\n${TARGET_ABOUT}\nOf a FIFO queue SQS gives the first messages of each group alone.`,
  options: [...SELECTION_OPTIONS, ...TARGET_OPTIONS],
  examples: ["queuehand dlq ls", 'queuehand dlq ls --reason schema --newer-than 1h --where "/customer/id=42" --json'],
  exits: [["0", "told"], ["1", "interrupted, or not all could be read"], ...TARGET_EXITS],
};

/** `queuehand dlq ls`. */
export async function ls(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  const selection = selectionOf(typed, Date.now());
  const json = typed.flag("json");
  return withDeadLetters(typed, async (letters) => {
    const payloads = selection.looksInside ? await largeLetters(letters.queue.url) : undefined;
    const groups = new LetterGroups();
    const held = new HeldLetters();
    const progress = new Progress("reading", letters.count, json);
    let seen = 0;
    const pass = await eachLetter({
      queue: letters,
      count: letters.count,
      held,
      stop: untilInterrupted(held),
      visit: async (found) => {
        for (const letter of found) {
          const meant = payloads ? (await payloads.opened(letter)).letter : letter;
          if (selection.matches(meant)) groups.add(letter);
        }
        seen += found.length;
        progress.show(seen);
        return {};
      },
    }).finally(() => payloads?.close());
    progress.end();
    const list = groups.list();
    const matching = list.reduce((sum, { count }) => sum + count, 0);
    const complete = pass.end === "all";
    const url = maskedValue(letters.queue.url);
    if (json) {
      const said = list.map(({ oldest, newest, way, error, count, example }) => ({
        count,
        reason: WAYS[way],
        error: error ?? null,
        oldest: timeOf(oldest),
        newest: timeOf(newest),
        example,
      }));
      const approximate = letters.count;
      printJson({ deadLetterQueueUrl: url, approximate, seen: pass.seen, matching, complete, groups: said });
    } else {
      print(`${table(list, Date.now())}\n\n${matching} of ${pass.seen} read, ${url}`);
      tellRest(pass, letters.count);
    }
    return complete ? ExitCode.ok : ExitCode.failed;
  });
}

const timeOf = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());

/** What the figures don't say by themselves. */
export function tellRest({ end, seen, hidden, hideSeconds }: PassEnd, approximate: number): void {
  if (end === "stopped") complain("interrupted: the rest was not read");
  if (end === "tooMany") complain(`${seen} messages were read: SQS hides no more at once`);
  if (end === "all" && approximate > seen) {
    complain(
      `about ${approximate - seen} more are hidden: somebody works on them, or they are behind others of their group`,
    );
  }
  if (hidden > 0) complain(`${hidden} messages could not be shown again: they are hidden for at most ${hideSeconds} s`);
}

function table(groups: readonly LetterGroup[], now: number): string {
  if (groups.length === 0) return "no messages";
  const rows = groups.map(({ count, way, error, oldest, newest, example }) => [
    String(count),
    WAYS[way],
    error ?? "-",
    ago(oldest, now),
    ago(newest, now),
    printable(example),
  ]);
  return aligned([["COUNT", "REASON", "AGENT'S ERROR", "OLDEST", "NEWEST", "ONE OF THEM"], ...rows], [0]);
}

const CELL_MAX = 70;

/** Rows in columns; those whose index is in `right` are figures. */
function aligned(rows: readonly (readonly string[])[], right: readonly number[]): string {
  const cut = (cell: string) => (cell.length > CELL_MAX ? `${cell.slice(0, CELL_MAX - 1)}…` : cell);
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => cut(row[column]!).length)));
  const fit = (cell: string, column: number) =>
    right.includes(column) ? cut(cell).padStart(widths[column]!) : cut(cell).padEnd(widths[column]!);
  return rows.map((row) => row.map(fit).join("  ").trimEnd()).join("\n");
}
