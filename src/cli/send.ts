import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { type OutgoingMessage, SqsProducer } from "../aws/sqs-producer.js";
import type { MessageAttribute } from "../pipeline/queue.js";
import { type CommandLine, parseCommandLine, type Typed, UsageError } from "./command-line.js";
import { ExitCode } from "./exit-code.js";
import { CommandError } from "./failure.js";
import { printHelp } from "./help.js";
import { sendAll } from "./send/send-all.js";
import { findTarget } from "./send/target.js";

const LINE: CommandLine = {
  name: "send",
  operands: "BODY|-",
  operandsMax: 1,
  about:
    "Sends messages to a queue: BODY as it is, the whole of stdin as one body (-), or each line of a file as one.\nThe queue is --queue-url, else SQS_QUEUE_URL, else that of the `queuehand dev` which runs in this folder or in one above it: dev leaves its address in a file of its own in the temporary folder while it runs.",
  options: [
    { name: "file", value: "PATH", meaning: "each line that isn't blank is one body; - reads the lines from stdin" },
    {
      name: "count",
      value: "N",
      meaning: "send N messages (1..1000000); {{n}} in the body becomes 1, 2, 3 ... (default: 1)",
    },
    { name: "delay", value: "SECONDS", meaning: "hidden for so long at first (0..900); not on FIFO queues" },
    { name: "group", value: "ID", meaning: "message group; required on FIFO queues" },
    {
      name: "dedup",
      value: "ID",
      meaning: "deduplication id on a FIFO queue; without it each message gets one of its own",
    },
    { name: "attribute", value: "NAME=VALUE", many: true, meaning: "a string attribute; up to 10" },
    { name: "queue-url", value: "URL", meaning: "instead of SQS_QUEUE_URL" },
  ],
  examples: [
    `queuehand send '{"task_id":"42","data":{}}'`,
    `queuehand send --count 100 '{"task_id":"{{n}}","data":{"work_ms":20}}'`,
    "queuehand send --file tasks.jsonl --attribute source=import",
    "jq -c . order.json | queuehand send - --queue-url https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
  ],
  exits: [
    ["0", "every message was sent"],
    ["1", "some were not: each reason is told"],
    ["64", "wrong command line"],
    ["69", "the queue is gone, forbidden, or can't be reached"],
    ["78", "no queue is named, or its URL is no URL"],
  ],
};

const COUNT_MAX = 1_000_000;
const DELAY_MAX_SECONDS = 900;
const ATTRIBUTES_MAX = 10;

/** `queuehand send`. */
export async function send(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  checkSource(typed);
  const target = await findTarget(typed.text("queue-url"));
  const fifo = target.queueUrl.endsWith(".fifo");
  checkForQueue(typed, fifo);
  const make = messageMaker(typed, fifo);

  const producer = new SqsProducer(target);
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  const json = typed.flag("json");
  try {
    const tally = await sendAll(producer, messages(typed, make), interrupted.signal);
    if (json) process.stdout.write(`${JSON.stringify({ ...tally, queueUrl: target.queueUrl })}\n`);
    else tell(tally, target.queueUrl);
    return tally.failed > 0 || interrupted.signal.aborted ? ExitCode.failed : ExitCode.ok;
  } finally {
    producer.close();
  }
}

type Tally = Awaited<ReturnType<typeof sendAll>>;

function tell({ sent, failed, messageIds, faults }: Tally, queueUrl: string): void {
  const id = sent === 1 && messageIds[0] ? ` (id ${messageIds[0]})` : "";
  process.stdout.write(`sent ${sent} message${sent === 1 ? "" : "s"} to ${queueUrl}${id}\n`);
  if (failed > 0) process.stderr.write(`queuehand send: ${failed} not sent\n`);
  for (const [detail, count] of Object.entries(faults)) process.stderr.write(`  ${count} × ${detail}\n`);
}

function checkSource(typed: Typed): void {
  const body = typed.operands[0];
  const file = typed.text("file");
  if (body === undefined && file === undefined) {
    throw new UsageError(
      `nothing to send: give a body, - for stdin, or --file; for example '{"task_id":"42","data":{}}'`,
    );
  }
  if (body !== undefined && file !== undefined) throw new UsageError("give either a body or --file, not both");
}

function checkForQueue(typed: Typed, fifo: boolean): void {
  if (fifo && typed.text("group") === undefined) {
    throw new UsageError("--group is required: the queue is a FIFO queue, whose messages all belong to a group");
  }
  if (fifo && typed.text("delay") !== undefined) {
    throw new UsageError("--delay is not for FIFO queues: they know only the queue's own delay");
  }
  if (!fifo && typed.text("dedup") !== undefined) throw new UsageError("--dedup is for FIFO queues only");
  if (typed.text("dedup") !== undefined && (typed.text("count") ?? "1") !== "1") {
    throw new UsageError("--dedup and --count contradict each other: SQS would keep the first message alone");
  }
}

/** Makes a message of a body and its number. */
function messageMaker(typed: Typed, fifo: boolean): (body: string, n: number) => OutgoingMessage {
  const delaySeconds = typed.integer("delay", 0, DELAY_MAX_SECONDS);
  const groupId = typed.text("group");
  const deduplicationId = typed.text("dedup");
  const attributes = attributesOf(typed.texts("attribute"));
  return (body, n) => ({
    body: body.replaceAll("{{n}}", String(n)),
    ...(delaySeconds !== undefined && { delaySeconds }),
    ...(groupId !== undefined && { groupId }),
    // Without one, a queue that deduplicates by content would silently drop what was sent on purpose.
    ...(fifo && { deduplicationId: deduplicationId ?? randomUUID() }),
    ...(attributes.size > 0 && { attributes }),
  });
}

function attributesOf(given: readonly string[]): ReadonlyMap<string, MessageAttribute> {
  if (given.length > ATTRIBUTES_MAX) {
    throw new UsageError(`--attribute may be given at most ${ATTRIBUTES_MAX} times, got ${given.length}`);
  }
  return new Map(
    given.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1 || at === pair.length - 1) throw new UsageError(`--attribute must be NAME=VALUE, got "${pair}"`);
      // SQS would take it, but the SDK loses it on the way.
      if (pair.startsWith("__proto__=")) throw new UsageError("--attribute can't be named __proto__");
      return [pair.slice(0, at), { type: "String", string: pair.slice(at + 1) }];
    }),
  );
}

async function* messages(
  typed: Typed,
  make: (body: string, n: number) => OutgoingMessage,
): AsyncGenerator<OutgoingMessage> {
  const count = typed.integer("count", 1, COUNT_MAX) ?? 1;
  const file = typed.text("file");
  let n = 0;
  if (file === undefined) {
    const operand = typed.operands[0]!;
    const body = operand === "-" ? await text(process.stdin) : operand;
    while (n < count) yield make(body, ++n);
    return;
  }
  for (let round = 0; round < count; round++) {
    for await (const line of linesOf(file)) if (line.trim()) yield make(line, ++n);
  }
  if (n === 0) throw new CommandError(`--file ${file} has no line to send`);
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    throw new CommandError(`--file ${file} can't be read: ${(error as Error).message}`);
  }
}
