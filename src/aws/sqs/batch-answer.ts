import type { EntryResult } from "../../pipeline/ports/queue.js";
import { refusedEntry } from "./sqs-error.js";

/** What the server said of the entries of a batch; it may have left some out. */
interface BatchAnswer {
  readonly Successful?: readonly { readonly Id?: string }[] | null;
  readonly Failed?: readonly FailedEntry[] | null;
}

interface FailedEntry {
  readonly Id?: string;
  readonly Code?: string;
  readonly SenderFault?: boolean;
  readonly Message?: string;
}

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
export function entryResults(count: number, answer: BatchAnswer): EntryResult[] {
  const results = new Array<EntryResult>(count).fill(unanswered);
  for (const { Id } of answer.Successful ?? []) if (Number(Id) < count) results[Number(Id)] = ok;
  for (const { Id, Code, SenderFault, Message } of answer.Failed ?? []) {
    if (Number(Id) < count) results[Number(Id)] = refusedEntry(Code, SenderFault ?? false, Message);
  }
  return results;
}
