import type { Letter, LetterWay } from "../aws/sqs/letter.js";
import { alike } from "../text/alike.js";

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
