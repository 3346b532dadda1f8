import type { Clock } from "../pipeline/ports/clock.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";

/** What the counters know that health depends on. */
export interface Pulse {
  /** A streak of failed receives that lasts: why, and its start in monotonic milliseconds. */
  readonly receiveTrouble: { readonly cause: string; readonly since: number } | undefined;
  /** A streak of failed copies to the dead-letter queue that lasts: its start in monotonic milliseconds. */
  readonly copyTrouble: { readonly since: number } | undefined;
  /** Monotonic milliseconds at which a receive last ended, well or not; undefined before the first. */
  readonly lastReceiveAt: number | undefined;
  /** Deliveries settled so far. */
  readonly handled: number;
  /** Agents that run on at this moment although they were aborted. */
  readonly hungAgents: number;
}

export interface HealthParts {
  readonly status: () => WorkerStatus;
  readonly pulse: Pulse;
  readonly clock: Clock;
}

/**
 * A receive ends within its wait, 20 s, and 5 s more; the next is put off for 20 s at most. An idle worker in which none
 * has ended for more than twice that will never receive again.
 */
const STUCK_AFTER_MS = 120_000;
/** Failures shorter than that are the back-off's business. */
const UNREADY_AFTER_MS = 15_000;

/**
 * Says whether a worker lives and whether it is ready.
 *
 * It is stuck, so that a restart is right, in two cases: it runs and holds no message, and yet no receive has ended for
 * two minutes; or every slot is held by an agent that ignores its abort. A queue that can't be reached is no such case:
 * failed receives are steps as well, and a restart mends no network. Nor is a worker whose slots are full, or that fetches nothing since so much waits in it. A blocked
 * event loop needs no rule, since nobody answers the question then.
 */
export class Health {
  readonly #parts: HealthParts;
  #idleSince: number | undefined;
  #handledBefore = 0;

  constructor(parts: HealthParts) {
    this.#parts = parts;
  }

  /** Why the worker is stuck; empty while it lives. */
  stuck(): string[] {
    const { status, pulse, clock } = this.#parts;
    const { state, slots, busy, buffered, heldBack = 0, settling } = status();
    const now = clock.monotonic();
    if (state === "running" && pulse.hungAgents >= slots) {
      return [`each of the ${slots} slots is held by an agent that was aborted and runs on`];
    }
    const idle =
      state === "running" && busy + buffered + heldBack + settling === 0 && pulse.handled === this.#handledBefore;
    this.#handledBefore = pulse.handled;
    this.#idleSince = idle ? (this.#idleSince ?? now) : undefined;
    if (this.#idleSince === undefined) return [];
    const quietMs = now - Math.max(this.#idleSince, pulse.lastReceiveAt ?? this.#idleSince);
    if (quietMs <= STUCK_AFTER_MS) return [];
    return [`no receive has ended for ${Math.round(quietMs / 1000)} s although no message is held`];
  }

  /** Why the worker is not ready; empty when it is. */
  unready(): string[] {
    const { status, pulse, clock } = this.#parts;
    const { state, copies = 0 } = status();
    const trouble = pulse.receiveTrouble;
    const lasts = (since: number | undefined) => (since === undefined ? 0 : clock.monotonic() - since);
    const troubledMs = lasts(trouble?.since);
    const uncopiedMs = copies > 0 ? lasts(pulse.copyTrouble?.since) : 0;
    return [
      ...(state === "running" ? [] : [state === "idle" ? "not started" : state]),
      ...(trouble && troubledMs >= UNREADY_AFTER_MS
        ? [`unable to receive for ${Math.round(troubledMs / 1000)} s: ${trouble.cause}`]
        : []),
      ...(uncopiedMs >= UNREADY_AFTER_MS
        ? [`unable to copy to the dead-letter queue for ${Math.round(uncopiedMs / 1000)} s: ${copies} wait, hidden`]
        : []),
    ];
  }
}
