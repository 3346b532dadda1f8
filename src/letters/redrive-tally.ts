import type { Letter } from "../aws/sqs/letter.js";

/** What became of the letters. */
export interface RedriveTally {
  /** Read, whether they match or not. */
  read: number;
  matching: number;
  /** Copies that SQS took; in a dry run, that would be sent. */
  redriven: number;
  /** Bodies that the editor changed. */
  edited: number;
  /** Came in after the redrive had begun: left where they are. */
  newer: number;
  /** Came from another queue: left where they are. */
  foreign: number;
  /** Left where they are, by why. */
  readonly failed: Record<string, number>;
  /** Ids of those, by why; of each reason the first hundred. */
  readonly left: Record<string, string[]>;
  /** Ids of letters that were sent back but are still here as well: their deletes failed. */
  readonly doubled: string[];
  /** Of a dry run with an editor: the first bodies, before and after. */
  readonly samples: { readonly id: string; readonly before: string; readonly after: string }[];
}

/** Letters that are named for one reason: enough to look for what they have in common. */
const NAMED_MAX = 100;

export const emptyTally = (): RedriveTally => ({
  read: 0,
  matching: 0,
  redriven: 0,
  edited: 0,
  newer: 0,
  foreign: 0,
  failed: Object.create(null),
  left: Object.create(null),
  doubled: [],
  samples: [],
});

/** Notes that a letter stays where it is, and why. */
export function leave({ failed, left }: RedriveTally, { message }: Letter, why: string): void {
  failed[why] = (failed[why] ?? 0) + 1;
  left[why] ??= [];
  if (left[why].length < NAMED_MAX) left[why].push(message.id);
}
