import type { Clock } from "../pipeline/ports/clock.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import { words } from "../pipeline/ports/thrown.js";
import { maskedUrls } from "../text/masked.js";
import { printable } from "../text/printable.js";
import { type Level, type Notable, notable } from "./notable.js";

/** One entry of the console's list; never a body. */
export interface ConsoleEvent {
  /** Counts up from 1, with no gap among what is kept. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly level: Level;
  readonly what: string;
  readonly messageId?: string;
  readonly receiveCount?: number;
  /** An error or a reason, cut. */
  readonly detail?: string;
}

const EVENTS_MAX = 100;
/** In a storm of failures more could not be read, and each costs a text. */
const EVENTS_PER_SECOND = 20;
/** Enough to recognise the fault; an agent's error may quote what it worked on. */
const TEXT_MAX = 300;

/** The latest events that are worth reading: the newest hundred, and of each second no more than its first twenty. */
export class EventRing {
  readonly #clock: Clock;
  readonly #events: ConsoleEvent[] = [];
  #made = 0;
  #leftOut = 0;
  #second = Number.NEGATIVE_INFINITY;
  #inSecond = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The listener; bound, so that it can be handed on as it is. A success costs one `switch`. */
  readonly record: Telemetry = (fact) => {
    const found = notable(fact);
    if (!found) return;
    if (found.always || this.#mayKeep()) this.#keep(found);
    else this.#leftOut++;
  };

  /** The events, oldest first. */
  get events(): readonly ConsoleEvent[] {
    return this.#events;
  }

  /** Events that were too many for their second. */
  get leftOut(): number {
    return this.#leftOut;
  }

  #keep({ level, what, delivery, detail }: Notable): void {
    this.#events.push({
      number: ++this.#made,
      at: this.#clock.wall(),
      level,
      what: cut(what),
      ...(delivery && { messageId: delivery.messageId, receiveCount: delivery.receiveCount }),
      ...(detail !== undefined && { detail: cut(words(detail)) }),
    });
    if (this.#events.length > EVENTS_MAX) this.#events.shift();
  }

  #mayKeep(): boolean {
    const second = Math.floor(this.#clock.monotonic() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    return this.#inSecond++ < EVENTS_PER_SECOND;
  }
}

/** What the page shows may be shown on a terminal as well: `/console/state` is read by curl too. */
function cut(text: string): string {
  const short = text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}…`;
  return printable(maskedUrls(short), Number.POSITIVE_INFINITY);
}
