import type { Clock } from "../pipeline/ports/clock.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import { words } from "../pipeline/ports/thrown.js";
import type { ConsoleEvent } from "./api.js";
import { type Notable, notable } from "./notable.js";
import { shown } from "./shown.js";

const EVENTS_MAX = 100;
/** In a storm of failures more could not be read, and each costs a text. */
const EVENTS_PER_SECOND = 20;

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

  /** Those whose number is above `number`, oldest first. */
  after(number: number): readonly ConsoleEvent[] {
    const first = this.#events[0]?.number ?? 0;
    return number < first ? this.#events : this.#events.slice(number - first + 1);
  }

  /** Number of the newest; 0 before the first. */
  get newest(): number {
    return this.#made;
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
      what: shown(what),
      ...(delivery && { messageId: delivery.messageId, receiveCount: delivery.receiveCount }),
      ...(detail !== undefined && { detail: shown(words(detail)) }),
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
