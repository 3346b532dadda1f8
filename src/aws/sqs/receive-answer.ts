import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { receivedMessage } from "./sqs-message.js";

/** Told of something odd, and how often. */
export type OddListener = (detail: string, count: number) => void;

/**
 * The messages of an answer. Odd ones are told and, where anything can be done with them, taken: a message that came
 * twice once with its last handle, all of more than were asked for, one that is damaged marked as such. What is odd in
 * one message touches no other.
 */
export function messagesOf(given: unknown, max: number, odd: OddListener): ReceivedMessage[] {
  if (given == null) return [];
  if (!Array.isArray(given)) {
    odd("its messages are no list: what it brought was left to its visibility timeout", 1);
    return [];
  }
  const messages: ReceivedMessage[] = [];
  const positions = new Map<string, number>();
  let withoutHandle = 0;
  let twice = 0;
  const damages = new Map<string, number>();
  for (const one of given as unknown[]) {
    const message = receivedMessage(one);
    if (!message) {
      withoutHandle++;
      continue;
    }
    const { damage } = message;
    if (damage !== undefined) damages.set(damage, (damages.get(damage) ?? 0) + 1);
    const before = positions.get(message.id);
    if (before === undefined) positions.set(message.id, messages.push(message) - 1);
    else {
      messages[before] = message;
      twice++;
    }
  }
  if (withoutHandle > 0) odd("a message without receipt handle was left to its visibility timeout", withoutHandle);
  if (twice > 0) odd("a message was twice in one answer: its last receipt handle counts", twice);
  if (messages.length > max) odd("more messages came than were asked for: all were taken", messages.length - max);
  for (const [damage, count] of damages) odd(`a message came damaged, and no agent sees it: ${damage}`, count);
  return messages;
}

/**
 * The receipt handles in an answer that is too broken to be read. The search is safe: inside a body, which is a JSON
 * string, the quotes of the key would be escaped.
 */
export function handlesIn(text: string): string[] {
  return [...text.matchAll(/"ReceiptHandle"\s*:\s*"((?:[^"\\]|\\.)+)"/g)].flatMap(([, handle]) => {
    try {
      return [JSON.parse(`"${handle}"`) as string];
    } catch {
      // An escape that JSON doesn't know: broken there as well.
      return [];
    }
  });
}
