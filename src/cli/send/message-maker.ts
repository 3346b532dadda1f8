import { randomUUID } from "node:crypto";
import { jsonPointer } from "../../agents/once/idempotency-key.js";
import type { OutgoingMessage } from "../../aws/sqs/sqs-producer.js";
import type { MessageAttribute } from "../../pipeline/ports/queue.js";
import type { TraceContext } from "../../pipeline/ports/trace.js";
import { type Typed, UsageError } from "../command-line.js";
import { withTrace } from "./trace.js";

const DELAY_MAX_SECONDS = 900;
const ATTRIBUTES_MAX = 10;
const FROM_BODY = "body:";

/** A message, or why none can be made of a body. */
export type Made = { readonly message: OutgoingMessage } | { readonly fault: string };

/** Makes a message of a body and its number. */
export type MessageMaker = (body: string, n: number) => Made;

/**
 * How messages are made of bodies, by what was typed.
 * @param trace that all of them are part of.
 * @throws UsageError when an option is wrong, or not for such a queue.
 */
export function messageMaker(typed: Typed, fifo: boolean, trace?: TraceContext): MessageMaker {
  checkForQueue(typed, fifo);
  const delaySeconds = typed.integer("delay", 0, DELAY_MAX_SECONDS);
  const groupOf = idOf(typed, "group");
  const deduplicationIdOf = idOf(typed, "dedup");
  const attributes = withTrace(attributesOf(typed.texts("attribute")), trace);
  // Without a count there is nothing to number, and the braces are a template of the message's own.
  const numbered = typed.text("count") !== undefined;
  return (given, n) => {
    const body = numbered ? given.replaceAll("{{n}}", String(n)) : given;
    const groupId = groupOf?.(body);
    if (typeof groupId === "object") return groupId;
    const deduplicationId = fifo ? (deduplicationIdOf?.(body) ?? randomUUID()) : undefined;
    if (typeof deduplicationId === "object") return deduplicationId;
    const message = {
      body,
      ...(delaySeconds !== undefined && { delaySeconds }),
      ...(groupId !== undefined && { groupId }),
      // Without one, a queue that deduplicates by content would silently drop what was sent on purpose.
      ...(deduplicationId !== undefined && { deduplicationId }),
      ...(attributes.size > 0 && { attributes }),
    };
    return { message };
  };
}

function checkForQueue(typed: Typed, fifo: boolean): void {
  if (fifo && typed.text("group") === undefined) {
    throw new UsageError("--group is required: the queue is a FIFO queue, whose messages all belong to a group");
  }
  if (fifo && typed.text("delay") !== undefined) {
    throw new UsageError("--delay is not for FIFO queues: they know only the queue's own delay");
  }
  const deduplicationId = typed.text("dedup");
  if (!fifo && deduplicationId !== undefined) throw new UsageError("--dedup is for FIFO queues only");
  if (deduplicationId === undefined || deduplicationId.startsWith(FROM_BODY)) return;
  if ((typed.text("count") ?? "1") !== "1") {
    throw new UsageError("--dedup and --count contradict each other: SQS would keep the first message alone");
  }
  if (typed.text("file") !== undefined) {
    throw new UsageError(
      "--dedup with --file must be body:/POINTER, an id for each line: of one id SQS would keep the first message alone",
    );
  }
}

/** The id that an option names: itself, or a string or number in each body. */
function idOf(typed: Typed, option: string): ((body: string) => string | { readonly fault: string }) | undefined {
  const given = typed.text(option);
  if (given === undefined) return undefined;
  if (!given.startsWith(FROM_BODY)) return () => given;
  const pointer = given.slice(FROM_BODY.length);
  let find: (value: unknown) => unknown;
  try {
    find = jsonPointer(pointer);
  } catch (error) {
    throw new UsageError(`--${option}: ${(error as Error).message}`);
  }
  return (body) => {
    const id = find(parsed(body));
    if ((typeof id === "string" && id !== "") || typeof id === "number") return String(id);
    return { fault: `--${option} ${given}: there is no string and no number in the body` };
  };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
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
