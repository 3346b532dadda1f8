import { type Clock, sleep } from "../../src/pipeline/ports/clock.js";
import { SLOT_DEMAND_MAX_PERCENT } from "../../src/scaling/slot-demand.js";

/** Messages on the queue at one moment. */
export interface Counts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** What the keeper publishes; metrics of the worker's own names, which scaling.yaml's alarms read. */
export interface KeptMetrics {
  readonly SlotDemand: number;
  readonly BacklogMessages: number;
}

export interface QueueKeeperParts {
  /** Reads the queue's counts. Any call on the queue also keeps CloudWatch's metrics of it awake. */
  readonly counts: () => Promise<Counts>;
  /** Tasks that the services on the queue are to have, all together. */
  readonly desiredTasks: () => Promise<number>;
  readonly publish: (metrics: KeptMetrics) => Promise<void>;
  readonly clock: Clock;
}

/** Half of the alarm's 10-second period, so that each period in which a message waits has a value. */
const LOOK_EVERY_MS = 5_000;

/**
 * Sees the message that no worker can see, since none runs.
 *
 * 1. While a service has a task, or is to have one, the workers publish: it reads the queue once and leaves.
 * 2. While all of them sleep it looks every 5 seconds. An empty queue is told once a watch, a waiting message at each
 *    look, as the highest SlotDemand there is: that wakes a service.
 * 3. A look that fails is told to the caller after the watch; the looks after it are made all the same.
 */
export class QueueKeeper {
  readonly #parts: QueueKeeperParts;

  constructor(parts: QueueKeeperParts) {
    this.#parts = parts;
  }

  /** Keeps the queue for `ms` milliseconds. Rejects afterwards with the last look's error, if there was one. */
  async watch(ms: number): Promise<void> {
    const { clock } = this.#parts;
    const end = clock.monotonic() + ms;
    let toldEmpty = false;
    let failure: { readonly error: unknown } | undefined;
    for (;;) {
      try {
        const { visible, inFlight, delayed } = await this.#parts.counts();
        if ((await this.#parts.desiredTasks()) > 0) return;
        const waiting = visible > 0;
        if (waiting || !toldEmpty) {
          await this.#parts.publish({
            SlotDemand: waiting ? SLOT_DEMAND_MAX_PERCENT : 0,
            BacklogMessages: visible + inFlight + delayed,
          });
        }
        toldEmpty = !waiting;
      } catch (error) {
        failure = { error };
      }
      if (clock.monotonic() + LOOK_EVERY_MS > end) break;
      await sleep(clock, LOOK_EVERY_MS);
    }
    if (failure) throw failure.error;
  }
}
