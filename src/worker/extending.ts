import type { Config } from "../config/config.js";
import { ClaimExtender, type ClaimExtenderEvents } from "../pipeline/lease/claim-extender.js";
import type { LeaseTable } from "../pipeline/lease/lease-table.js";
import { LeaseWatch } from "../pipeline/lease/lease-watch.js";
import { VisibilityExtender } from "../pipeline/lease/visibility-extender.js";
import type { Clock } from "../pipeline/ports/clock.js";
import type { Queue } from "../pipeline/ports/queue.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import type { Keys } from "./idempotency.js";
import { LeaseKeeper } from "./lease-keeper.js";
import type { Transports } from "./transports.js";

export interface ExtendingParts {
  readonly leases: LeaseTable;
  /** Undefined where none are claimed. */
  readonly keys: Keys | undefined;
  /** The caller's own, or undefined for that of the settings. */
  readonly queue: Queue | undefined;
  readonly transports: Transports;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Something that works by itself from start to stop. */
export interface Extending {
  /** Harmless twice. */
  start(): void;
  /** Starts its thread alone, if it has one: the rest is no help to an agent that blocks the caller's. Harmless twice. */
  startThread(): void;
  stop(): Promise<void>;
}

/**
 * What keeps messages hidden and keys claimed while agents work on them: a thread of its own, which no agent can block,
 * for the queue and the table of the settings. What the caller brought can't cross to a thread: it is called from here.
 */
export function extendingOf(
  config: Config,
  { leases, keys, queue, transports, clock, telemetry }: ExtendingParts,
): Extending {
  const { queueUrl, visibilityTimeoutSeconds } = config;
  const claimEvents = keys && claimEventsOf(config, keys, telemetry);
  const parts: { start(): void; stop(): void | Promise<void> }[] = [];
  let keeper: LeaseKeeper | undefined;
  const shared = queue || !keys?.options ? undefined : { buffer: keys.claims.buffer, table: keys.options };
  if (queue) {
    const events = {
      lost: (index: number, generation: number, reason: string) => leases.tellLost(index, generation, reason),
      failed: (count: number, error: unknown) => telemetry({ kind: "extendFailed", count, error }),
    };
    parts.push(new VisibilityExtender({ queue, leases, clock, visibilityTimeoutSeconds, events }));
  } else {
    const claims = shared && claimEvents && { shared, events: claimEvents };
    keeper = new LeaseKeeper({ leases, queueUrl, visibilityTimeoutSeconds, transports, telemetry, claims });
    parts.push(keeper);
  }
  if (keys && claimEvents && !shared) {
    const { table, claims } = keys;
    parts.push(
      new ClaimExtender({ table, claims, clock, leaseSeconds: visibilityTimeoutSeconds, events: claimEvents }),
    );
  }
  // Unguarded is what `open` allows while the table is down; only what another run has taken over is lost then.
  if (keys && config.idempotencyOnError === "closed") {
    parts.push(new LeaseWatch(keys.claims, clock, visibilityTimeoutSeconds));
  }
  return {
    start() {
      for (const part of parts) part.start();
    },
    startThread() {
      keeper?.start();
    },
    async stop() {
      await Promise.all(parts.map((part) => part.stop()));
    },
  };
}

function claimEventsOf({ idempotencyOnError }: Config, { claims }: Keys, telemetry: Telemetry): ClaimExtenderEvents {
  const meanwhile =
    idempotencyOnError === "closed"
      ? "runs are aborted before their claims end unless it does in time"
      : "agents run on, and others may begin with their keys";
  return {
    lost: (index, generation, detail) => claims.tellLost(index, generation, detail),
    failed: (error) =>
      telemetry({ kind: "warning", text: `the idempotency table doesn't renew claims: ${meanwhile}`, error }),
    recovered: () => telemetry({ kind: "warning", text: "the idempotency table renews claims again" }),
  };
}
