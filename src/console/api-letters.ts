/*
 * What the page is told of dead letters, and asks to be done with them (`/api/dead-letters`); times as in `api.ts`.
 */

/** What a look into the dead-letter queue found. */
export interface DeadLetterLook {
  /** Undefined: nobody has looked yet. */
  readonly at?: number;
  readonly looking: boolean;
  /** Why the last look failed, or was not whole. */
  readonly trouble?: string;
  readonly seen: number;
  /** Letters in the queue when it began, as SQS counts them. */
  readonly approximate: number;
  readonly groups: readonly LetterGroupView[];
  /** The first of them, some hundreds at most. */
  readonly letters: readonly LetterView[];
}

/** Before anybody looked. */
export const NO_LOOK: DeadLetterLook = { looking: false, seen: 0, approximate: 0, groups: [], letters: [] };

export interface LetterGroupView {
  /** In words: how they came. */
  readonly reason: string;
  readonly error?: string;
  readonly count: number;
  readonly oldest?: number;
  readonly newest?: number;
  readonly example: string;
}

export interface LetterView {
  readonly id: string;
  readonly originalId: string;
  readonly reason: string;
  readonly error?: string;
  readonly receivesBefore?: number;
  readonly sentAt?: number;
  readonly groupId?: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Where bodies may be shown: in `dev`, with LOG_BODIES, with the token; cut. */
  readonly body?: string;
  /** True: the body shown isn't whole, and can't be edited here. */
  readonly bodyCut?: true;
}

/** Some letters by id, or all that a group's example stands for, or all. */
export interface LetterChoice {
  readonly ids?: readonly string[];
  /** A group of the last look: its reason and error. */
  readonly group?: { readonly reason: string; readonly error?: string };
  readonly all?: true;
}

export interface LetterEdit {
  readonly id: string;
  readonly body: string;
}

/** What was done: letters sent back or deleted, and those that were not, each with its reason. */
export interface LetterEnd {
  readonly done: number;
  readonly left: readonly { readonly id: string; readonly reason: string }[];
}
