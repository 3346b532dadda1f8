import type { EntryResult } from "../../pipeline/ports/queue.js";
import { refusedEntry } from "./sqs-error.js";

const ok: EntryResult = Object.freeze({ ok: true });
/** An entry that nobody named isn't known to be done. */
const unanswered: EntryResult = Object.freeze({
  ok: false,
  kind: "again",
  detail: "the answer does not name this entry",
});

/**
 * How each of `count` entries ended, by position. Entry ids are positions because SQS refuses a whole batch whose ids
 * have characters that its own message ids and handles do have.
 */
export function entryResults(count: number, answer: Readonly<Record<string, unknown>>): EntryResult[] {
  const results = new Array<EntryResult>(count).fill(unanswered);
  for (const { Id } of entriesIn(answer.Successful)) {
    const position = positionOf(Id, count);
    if (position !== undefined) results[position] = ok;
  }
  for (const { Id, Code, SenderFault, Message } of entriesIn(answer.Failed)) {
    const position = positionOf(Id, count);
    if (position !== undefined) results[position] = refusedEntry(textIn(Code), SenderFault === true, textIn(Message));
  }
  return results;
}

/** What of a list is an object: one entry that isn't says nothing of the others. */
export function entriesIn(list: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(list) ? list.filter((entry) => typeof entry === "object" && entry !== null) : [];
}

/** The place of an entry among the `count` of a batch; undefined for an id that we didn't give. */
export function positionOf(id: unknown, count: number): number | undefined {
  if (typeof id !== "string" && typeof id !== "number") return undefined;
  return /^\d{1,3}$/.test(String(id)) && Number(id) < count ? Number(id) : undefined;
}

export const textIn = (value: unknown) => (typeof value === "string" ? value : undefined);
