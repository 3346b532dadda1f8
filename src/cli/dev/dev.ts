import { readFile } from "node:fs/promises";
import { type CommandLine, parseCommandLine, type Typed, UsageError } from "../command-line.js";
import { loadEnvironment } from "../environment.js";
import { RUN_EXITS } from "../exit-code.js";
import { CommandError } from "../failure.js";
import { printHelp } from "../help.js";
import { FAILING_EVERY } from "./samples.js";

const MESSAGES_MAX = 100_000;
const RATE_MAX = 1_000;
const PORT_MAX = 65_535;
/** Slow enough to read, fast enough that something moves. */
const RATE = 5;

const LINE: CommandLine = {
  name: "dev",
  about:
    "Starts an SQS-compatible server in memory, a queue with its dead-letter queue, a producer of sample messages and a worker with the sample agent, or with yours. Needs no AWS account and no Docker, listens on loopback only, and uses credentials that open nothing. A failing message is tried 3 times, about a second apart.\nSettings are those of run (.env is read), but the queue, DLQ_URL, IDEMPOTENCY_* and METRICS=cloudwatch are not heeded.\n`queuehand send` finds this queue from the same folder, or one below it, while dev runs.",
  options: [
    {
      name: "messages",
      value: "N",
      meaning: `send N sample messages (1..${MESSAGES_MAX}), wait until each has ended, tell what became of them, and exit; one in ${FAILING_EVERY} has an error_trigger, at which the sample agent fails; above some hundreds they get shorter work`,
    },
    { name: "handler", value: "HANDLER", meaning: "your agent instead of the sample agent (or set HANDLER)" },
    {
      name: "rate",
      value: "N",
      meaning: `sample messages a second (0.1..${RATE_MAX}, default ${RATE}; with your own agent none unless given)`,
    },
    { name: "samples", value: "FILE", meaning: "send the lines of FILE in turn instead of the sample messages" },
    { name: "fifo", meaning: "a FIFO queue; the sample messages are of three groups" },
    { name: "no-producer", meaning: "send nothing" },
    { name: "port", value: "PORT", meaning: "port of the queue server (default: any free one)" },
    {
      name: "scale",
      meaning:
        "the whole scaling loop instead: a load, worker processes, AWS's control loop; see queuehand dev --scale --help",
    },
  ],
  examples: [
    "queuehand dev",
    "queuehand dev --scale",
    "queuehand dev --messages 200 --json",
    "queuehand dev --handler ./agent.mjs --samples bodies.jsonl --rate 2",
    "CONCURRENCY=50 LOG_LEVEL=debug queuehand dev --rate 100",
  ],
  exits: RUN_EXITS.map(([code, meaning]) =>
    code === "0" ? [code, "drained and clean; every message has ended"] : [code, meaning],
  ),
};

/** `queuehand dev`. */
export async function dev(argv: readonly string[]): Promise<number> {
  if (argv.includes("--scale")) {
    const { scale } = await import("./scale/scale.js");
    return scale(argv.filter((word) => word !== "--scale"));
  }
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  const messages = typed.integer("messages", 1, MESSAGES_MAX);
  const port = typed.integer("port", 0, PORT_MAX) ?? 0;
  const rate = typed.number("rate", 0.1, RATE_MAX);
  checkProducer(typed);
  const bodies = await bodiesOf(typed.text("samples"));
  const { variables } = await loadEnvironment(true, { HANDLER: typed.text("handler") });
  const ownAgent = Boolean(variables.HANDLER);
  const quiet = typed.flag("no-producer") || (ownAgent && rate === undefined && bodies === undefined);
  const { DevSession } = await import("./dev-session.js");
  return new DevSession({
    variables,
    port,
    messages,
    perSecond: messages !== undefined || quiet ? undefined : (rate ?? RATE),
    bodies,
    fifo: typed.flag("fifo"),
    ownAgent,
    json: typed.flag("json"),
  }).run();
}

function checkProducer(typed: Typed): void {
  for (const name of ["messages", "rate", "samples"]) {
    if (typed.flag("no-producer") && typed.text(name) !== undefined) {
      throw new UsageError(`--no-producer and --${name} contradict each other`);
    }
  }
  if (typed.text("messages") !== undefined && typed.text("rate") !== undefined) {
    throw new UsageError("--messages and --rate contradict each other: a number of messages is sent at once");
  }
}

async function bodiesOf(file: string | undefined): Promise<readonly string[] | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw new CommandError(`--samples ${file} can't be read: ${error.message}`);
  });
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  if (lines.length === 0) throw new CommandError(`--samples ${file} has no line to send`);
  return lines;
}
