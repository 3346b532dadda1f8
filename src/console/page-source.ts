import type { Now } from "./api.js";
import type { History, HistoryRange, Step } from "./api-history.js";
import type { DeadLetterLook, LetterChoice, LetterEdit, LetterEnd } from "./api-letters.js";
import type { ErrorGroups, MessageDetail, MessageFilter, Messages } from "./api-messages.js";

/** What the page shows: of one worker, or of several together. What isn't a promise is at hand and cheap. */
export interface PageSource {
  /** @param eventsAfter events up to this number are left out. */
  now(eventsAfter: number): Now;
  /** The newest step of the hour. */
  step(): Step;
  history(range: HistoryRange): History;
  errors(): ErrorGroups | Promise<ErrorGroups>;
  messages(filter: MessageFilter): Messages | Promise<Messages>;
  message(id: string): MessageDetail | undefined | Promise<MessageDetail | undefined>;
  /** Unset: nobody can look at them here. */
  readonly deadLetters?: LetterDesk | undefined;
  /** Called once a second, whether somebody looks or not. */
  tick(): void;
  /** Somebody looks at this moment: what costs something may be asked for. */
  watched(): void;
}

/** Looks into a dead-letter queue, one look or action at a time. No method rejects for what SQS refuses: it is told. */
export interface LetterDesk {
  readonly last: DeadLetterLook;
  /** Harmless while another looks: both get what it finds. */
  look(): Promise<DeadLetterLook>;
  redrive(choice: LetterChoice): Promise<LetterEnd>;
  delete(choice: LetterChoice): Promise<LetterEnd>;
  /** Sends one back with another body. */
  edit(edit: LetterEdit): Promise<LetterEnd>;
}

/**
 * A section that a mode adds to the page, such as `dev --scale`. Its data goes out with each tick as an event of its
 * name, and at `/api/NAME`; its actions are `POST /api/NAME/ACTION`, guarded as those on dead letters.
 */
export interface ConsoleExtra {
  /** Lower case letters: part of its path, and the name of its module in src/console/browser. */
  readonly name: string;
  readonly title: string;
  /** JSON-able, cheap and small: asked for once a second while somebody looks. */
  data(): object;
  /** By name; `given` is the JSON that was sent, as yet unchecked. An Error's message is told to who asked. */
  readonly actions?: Readonly<Record<string, (given: unknown) => Promise<object>>>;
}
