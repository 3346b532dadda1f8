import type { Command } from "../command.js";
import { type CommandLine, parseCommandLine, UsageError } from "../command-line.js";
import { reportFailure } from "../failure.js";
import { printHelp } from "../help.js";
import { nearest } from "../nearest.js";

/** What can be done with dead letters. */
const ACTIONS: Readonly<Record<string, () => Promise<Command>>> = {
  ls: async () => (await import("./ls.js")).ls,
  show: async () => (await import("./show.js")).show,
  redrive: async () => (await import("./redrive.js")).redrive,
  purge: async () => (await import("./purge.js")).purge,
};

const LINE: CommandLine = {
  name: "dlq",
  operands: "ls|show|redrive|purge",
  operandsMax: 1,
  about:
    "Looks at the messages of a dead-letter queue, mends them, sends them back, or deletes them.\nls counts them by reason and by the agent's error; show ID shows one; redrive sends all or some back; purge deletes all or some. Each has a --help of its own.",
  options: [],
  examples: [
    "queuehand dlq ls",
    "queuehand dlq show 5fea7756-0ea4-451a-a703-a558b933e274",
    'queuehand dlq redrive --reason "timed out" --rate 50',
    "queuehand dlq purge --older-than 10d",
  ],
  exits: [
    ["0", "done"],
    ["1", "not all was done: each reason is told"],
    ["64", "wrong command line"],
    ["69", "the queue is gone, forbidden, or can't be reached"],
    ["78", "no queue is named, or it has no dead-letter queue"],
  ],
};

/** `queuehand dlq ACTION`. */
export async function dlq(argv: string[]): Promise<number> {
  const [action, ...rest] = argv;
  if (action !== undefined && Object.hasOwn(ACTIONS, action)) {
    try {
      return await (await ACTIONS[action]!())(rest);
    } catch (error) {
      return reportFailure(`dlq ${action}`, error, rest.includes("--json"));
    }
  }
  if (parseCommandLine(LINE, argv).flag("help")) return printHelp(LINE);
  const names = Object.keys(ACTIONS);
  if (action === undefined) throw new UsageError(`needs one of ${names.join(", ")}`);
  const guess = nearest(action, names);
  throw new UsageError(
    `unknown action "${action}"; ${guess ? `did you mean ${guess}?` : `one of ${names.join(", ")}`}`,
  );
}
