import type { Letter, LetterWay } from "../../aws/sqs/letter.js";
import { printable } from "../../text/printable.js";

/** Letters that ended alike. Times are epoch milliseconds of when they were sent. */
export interface LetterGroup {
  readonly way: LetterWay;
  /** The agent's error without what differs from message to message: numbers are N, ids are …; undefined if unknown. */
  readonly error: string | undefined;
  count: number;
  oldest: number | undefined;
  newest: number | undefined;
  /** One of them: its id, to be shown. */
  readonly example: string;
}

const ERROR_MAX = 200;
/** Of a longer reason the rest can't show: names and figures get shorter. */
const READ_MAX = 2_000;
/** A queue whose reasons all differ would fill the memory: what comes after is one group. */
const GROUPS_MAX = 1_000;

/** Counts letters by how they came and by their error. */
export class LetterGroups {
  readonly #groups = new Map<string, LetterGroup>();

  add({ way, reason, message }: Letter): void {
    let error = reason === undefined ? undefined : alike(reason);
    let key = `${way} ${error ?? ""}`;
    if (!this.#groups.has(key) && this.#groups.size >= GROUPS_MAX) {
      error = "(all other reasons)";
      key = `${way} ${error}`;
    }
    let group = this.#groups.get(key);
    if (!group) {
      group = { way, error, count: 0, oldest: undefined, newest: undefined, example: message.id };
      this.#groups.set(key, group);
    }
    group.count++;
    const { sentAt } = message;
    if (sentAt === undefined) return;
    group.oldest = Math.min(group.oldest ?? sentAt, sentAt);
    group.newest = Math.max(group.newest ?? sentAt, sentAt);
  }

  /** The largest first. */
  list(): readonly LetterGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count);
  }
}

/** A reason's first line without what differs from message to message. */
export function alike(reason: string): string {
  const line = printable(reason.trim().split("\n", 1)[0]!.slice(0, READ_MAX), Number.POSITIVE_INFINITY)
    .replace(/\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/gi, "…")
    .replace(/\b(?=[\da-f]*\d)(?=[\da-f]*[a-f])[\da-f]{8,}\b/gi, "…")
    // The code of a character keeps its figures.
    .replace(/(\\u[\da-f]{4})|\d+(\.\d+)?/g, (_, code?: string) => code ?? "N");
  return line.length > ERROR_MAX ? `${line.slice(0, ERROR_MAX)}…` : line;
}
