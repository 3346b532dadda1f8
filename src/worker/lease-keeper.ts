import { Worker } from "node:worker_threads";
import type { KeyTable } from "../aws/dynamodb/dynamodb-idempotency.js";
import { ownFile } from "../package/own-files.js";
import type { ClaimExtenderEvents } from "../pipeline/lease/claim-extender.js";
import type { LeaseTable } from "../pipeline/lease/lease-table.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import { settingsOf, type TransportSettings, type Transports } from "./transports.js";

/** The claims on keys, as they cross to the thread. */
export interface SharedClaims {
  readonly buffer: SharedArrayBuffer;
  /** What the thread makes a table of its own from; what else it takes it finds itself, since no function can cross. */
  readonly table: KeyTable & { readonly region: string | undefined };
}

/** What the extender's thread is given. */
export interface LeaseThreadData {
  readonly buffer: SharedArrayBuffer;
  readonly queueUrl: string;
  /** Of leases and of claims. */
  readonly visibilityTimeoutSeconds: number;
  readonly transports: TransportSettings;
  readonly claims: SharedClaims | undefined;
}

/** What it tells. */
export type LeaseThreadMessage =
  | { readonly kind: "lost"; readonly index: number; readonly generation: number; readonly reason: string }
  | { readonly kind: "failed"; readonly count: number; readonly error: string }
  | { readonly kind: "claimLost"; readonly index: number; readonly generation: number; readonly reason: string }
  | { readonly kind: "claimsFailed"; readonly error: string }
  | { readonly kind: "claimsRecovered" }
  | { readonly kind: "transportChanged"; readonly service: keyof Transports; readonly error: string };

export interface LeaseKeeperOptions {
  readonly leases: LeaseTable;
  readonly queueUrl: string;
  readonly visibilityTimeoutSeconds: number;
  /** The worker's: what the thread goes over to, the worker does too. */
  readonly transports: Transports;
  readonly telemetry: Telemetry;
  /** Undefined where no claims are to be renewed. */
  readonly claims?: { readonly shared: SharedClaims; readonly events: ClaimExtenderEvents } | undefined;
}

const RESTART_MS = 1_000;
/** The thread holds a few sockets and handles; a bound keeps V8 from growing a heap that it doesn't need. */
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };

/**
 * Runs the extenders of leases and claims in a thread of its own, and again if that thread should die: what it has to know
 * stands in shared memory, so the next one goes on where it ended.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  /** Looked for at once: a worker whose leases nobody extends must not begin. */
  readonly #file = ownFile("worker/lease-thread.js");
  /** Until the next one is started, also one that died. */
  #thread: Worker | undefined;
  #restart: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** Harmless twice; one that died is started again in a while, and no sooner. */
  start(): void {
    if (this.#thread || this.#stopped) return;
    const { leases, queueUrl, visibilityTimeoutSeconds, transports, telemetry, claims } = this.#options;
    const workerData: LeaseThreadData = {
      buffer: leases.buffer,
      queueUrl,
      visibilityTimeoutSeconds,
      transports: settingsOf(transports),
      claims: claims?.shared,
    };
    const thread = new Worker(this.#file, {
      workerData,
      name: "queuehand-leases",
      resourceLimits: LIMITS,
    });
    thread.unref();
    thread.on("message", (message: LeaseThreadMessage) => this.#hear(message));
    let error: unknown;
    thread.on("error", (thrown) => {
      error = thrown;
    });
    thread.on("exit", () => {
      if (this.#stopped) return;
      leases.reclaimExtending();
      telemetry({ kind: "warning", text: "the thread that extends leases ended; it is started again", error });
      this.#restart = setTimeout(() => {
        this.#thread = undefined;
        this.start();
      }, RESTART_MS);
    });
    this.#thread = thread;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restart);
    await this.#thread?.terminate();
  }

  #hear(message: LeaseThreadMessage): void {
    const { leases, transports, telemetry, claims } = this.#options;
    switch (message.kind) {
      case "lost":
        return leases.tellLost(message.index, message.generation, message.reason);
      case "failed":
        return telemetry({ kind: "extendFailed", count: message.count, error: message.error });
      case "claimLost":
        return claims?.events.lost(message.index, message.generation, message.reason);
      case "claimsFailed":
        return claims?.events.failed(message.error);
      case "claimsRecovered":
        return claims?.events.recovered();
      case "transportChanged":
        return transports[message.service].change(message.error);
    }
  }
}
