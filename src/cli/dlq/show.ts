import type { Letter, LetterWay } from "../../aws/sqs/letter.js";
import { HeldLetters } from "../../letters/held-letters.js";
import type { OpenedLetter } from "../../letters/large-letters.js";
import { eachLetter } from "../../letters/letter-pass.js";
import { WAYS } from "../../letters/ways.js";
import type { MessageAttribute } from "../../pipeline/ports/queue.js";
import { printable } from "../../text/printable.js";
import { type CommandLine, parseCommandLine, UsageError } from "../command-line.js";
import { ExitCode } from "../exit-code.js";
import { CommandError } from "../failure.js";
import { columns, printHelp } from "../help.js";
import { print, printJson } from "../terminal.js";
import { ago } from "./ago.js";
import { untilInterrupted } from "./interrupt.js";
import { largeLetters } from "./payloads.js";
import { Progress } from "./progress.js";
import { TARGET_ABOUT, TARGET_EXITS, TARGET_OPTIONS, withDeadLetters } from "./target.js";

const LINE: CommandLine = {
  name: "dlq show",
  operands: "ID",
  operandsMax: 1,
  about: `Shows one message of the dead-letter queue: its reason, how often it was received, its attributes and its body, with PAYLOAD_BUCKETS that which is in S3. ID is its message id, the id that it had at first, or the first characters of one of them (8 at least). To find it, messages are hidden for a moment.\n${TARGET_ABOUT}`,
  options: TARGET_OPTIONS,
  examples: [
    "queuehand dlq show 5fea7756-0ea4-451a-a703-a558b933e274",
    "queuehand dlq show 5fea7756 --json | jq -r .body",
  ],
  exits: [["0", "shown"], ["1", "not found, or interrupted"], ...TARGET_EXITS],
};

const PREFIX_MIN = 8;

/** `queuehand dlq show ID`. */
export async function show(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  const wanted = typed.operands[0];
  if (wanted === undefined) throw new UsageError("needs the ID of a message; queuehand dlq ls tells some");
  if (wanted.length < PREFIX_MIN) {
    throw new UsageError(`an ID has at least its first ${PREFIX_MIN} characters, got "${wanted}"`);
  }
  const json = typed.flag("json");
  return withDeadLetters(typed, async (letters) => {
    const progress = new Progress("looking", letters.count, json);
    const held = new HeldLetters();
    let found: Letter | undefined;
    let seen = 0;
    const { end } = await eachLetter({
      queue: letters,
      count: letters.count,
      held,
      stop: untilInterrupted(held),
      visit: async (some) => {
        found ??= some.find(
          ({ message, originalId }) => message.id.startsWith(wanted) || originalId.startsWith(wanted),
        );
        seen += some.length;
        progress.show(seen);
        return { enough: found !== undefined };
      },
    });
    progress.end();
    if (!found) {
      const how = end === "stopped" ? "interrupted: " : "";
      throw new CommandError(`${how}no message ${wanted} among the ${seen} of ${letters.queue.url} that could be read`);
    }
    const payloads = await largeLetters(letters.queue.url);
    const opened = (await payloads?.opened(found)) ?? { letter: found };
    payloads?.close();
    if (json) printJson(plain(opened));
    else print(text(opened));
    return ExitCode.ok;
  });
}

function plain({ letter, pointer, fault }: OpenedLetter) {
  const { message, way, reason, originalId, receivesBefore, sourceArn } = letter;
  const { id, body, attributes, receiveCount, sentAt, groupId, deduplicationId, sequenceNumber, traceHeader } = message;
  return {
    id,
    originalId,
    reason: WAYS[way],
    error: reason ?? null,
    receiveCount: receivesBefore ?? null,
    receivesHere: receiveCount,
    sentAt: sentAt === undefined ? null : new Date(sentAt).toISOString(),
    source: sourceArn ?? null,
    groupId,
    deduplicationId,
    sequenceNumber,
    traceHeader,
    attributes: Object.fromEntries(
      [...attributes].map(([name, { type, string, binary }]) => [
        name,
        { type, ...(binary ? { base64: Buffer.from(binary).toString("base64") } : { value: string }) },
      ]),
    ),
    ...(pointer && { payload: pointer }),
    ...(fault !== undefined && { payloadFault: fault }),
    body,
  };
}

/** Of a letter that carries no reason. */
const UNKNOWN: Readonly<Partial<Record<LetterWay, string>>> = {
  receives: "unknown: SQS keeps none; see the worker's log",
  unmarked: "unknown: the message leaves no room for it; see the worker's log",
};

function text({ letter, pointer, fault }: OpenedLetter): string {
  const { message, way, reason, originalId, receivesBefore, sourceArn } = letter;
  const { id, attributes, receiveCount, sentAt, groupId, deduplicationId } = message;
  const rows: [string, string | undefined][] = [
    ["id", id],
    ["id at first", originalId === id ? undefined : originalId],
    ["reason", WAYS[way]],
    ["last error", reason ?? UNKNOWN[way]],
    ["receives", receivesBefore === undefined ? undefined : `${receivesBefore} until then`],
    ["receives here", String(receiveCount)],
    ["sent", sentAt === undefined ? undefined : `${new Date(sentAt).toISOString()} (${ago(sentAt, Date.now())})`],
    ["from", sourceArn],
    ["group", groupId],
    ["deduplication", deduplicationId],
    ["payload", pointer && `s3://${pointer.bucket}/${pointer.key}`],
    ["payload unread", fault],
  ];
  const facts = rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, printable(value)]]));
  const own = [...attributes].map(([name, value]) => [printable(name), attributeText(value)]);
  return [columns(facts), own.length > 0 ? `\nAttributes:\n${columns(own)}` : "", `\nBody:\n${bodyText(message.body)}`]
    .filter(Boolean)
    .join("\n");
}

function attributeText({ type, string, binary }: MessageAttribute): string {
  return `${printable(string ?? `${binary?.byteLength ?? 0} bytes`)} (${printable(type)})`;
}

/** JSON on several lines, anything else as it is. */
function bodyText(body: string): string {
  let lines = body;
  try {
    lines = JSON.stringify(JSON.parse(body), null, 2);
  } catch {}
  return lines;
}
