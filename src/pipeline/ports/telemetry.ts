import type { CheckpointCause } from "./handler.js";
import type { OutcomeKind } from "./outcome.js";
import type { TraceContext } from "./trace.js";

/**
 * Why the platform didn't do as asked: `blocked` = more tasks are guarded than the service wants (a deployment waits),
 * `denied` = the role may not, `impossible` = such a task can't be guarded, `unreachable` = no answer, or none that says why.
 */
export type ProtectionTrouble = "blocked" | "throttled" | "denied" | "impossible" | "unreachable";

/**
 * Why a receive was spent without a run: a `stop`; a wait for a slot that others may have sooner (`late`); a head of the
 * message's FIFO `group` that had to go back; the message was received `again` while it was in hand; more came than fit
 * (`overflow`); its lease was over before a slot was free (`expired`); its body was `damaged`.
 */
export type WithoutRun = (typeof WITHOUT_RUN)[number];

/** Every cause, in the order in which people want to read them. */
export const WITHOUT_RUN = ["stop", "late", "group", "again", "overflow", "expired", "damaged"] as const;

/** What a fact about one delivery carries. */
export interface DeliveryFacts {
  readonly messageId: string;
  readonly receiveCount: number;
  readonly groupId?: string;
  /** Only where LOG_BODIES asks for it: what has no body can't log one. */
  readonly body?: string;
  /** Where in a trace it stands, if anywhere; looked for when it is asked for. */
  readonly trace?: TraceContext | undefined;
}

/** Everything that the stages report. Times are milliseconds. */
export type Fact =
  | { readonly kind: "received"; readonly count: number; readonly asked: number; readonly elapsedMs: number }
  | {
      readonly kind: "receiveFailed";
      readonly cause: string;
      readonly error: unknown;
      /** In a row, this one included. */
      readonly failures: number;
      /** Unset when nothing is tried again. */
      readonly retryInMs?: number;
      /** True for the first after a success, and when the cause is another than before: what is worth a log line. */
      readonly changed: boolean;
    }
  | { readonly kind: "receiveRecovered"; readonly failures: number }
  | {
      readonly kind: "started";
      readonly delivery: DeliveryFacts;
      readonly inQueueMs: number | undefined;
      readonly bufferedMs: number;
      /** For how long it waited for budgets alone; undefined: it takes of none. */
      readonly budgetWaitMs?: number | undefined;
    }
  /** The agent has ended and its slot is free. Its outcome isn't carried out yet. */
  | {
      readonly kind: "ended";
      readonly delivery: DeliveryFacts;
      readonly outcome: OutcomeKind;
      readonly agentMs: number;
      /** How often its lease was extended so far, and when last in monotonic milliseconds; unset where it never was. */
      readonly extended?: { readonly times: number; readonly at: number } | undefined;
    }
  /** The one terminal fact of a delivery: its outcome was carried out on the queue, or can no longer be. */
  | {
      readonly kind: "settled";
      readonly delivery: DeliveryFacts;
      readonly outcome: OutcomeKind;
      readonly agentMs: number;
      /** Why, for every outcome but `done`: the agent's error, the reason of a rejection. */
      readonly cause?: unknown;
      /** Set when a failed message, after its last allowed receive, was copied to the dead letters and deleted. */
      readonly deadLettered?: true;
      /** Set when a failed message has no receive left: SQS moves it to the dead letters when it is asked for next. */
      readonly lastReceive?: true;
      /** Set when no agent saw it. */
      readonly withoutRun?: WithoutRun;
      /** False when the outcome could not be carried out before the lease ended: the message may come again. */
      readonly certain: boolean;
    }
  /**
   * A delivery was made visible again without an outcome. Terminal, like `settled`. No agent saw it, unless it was
   * `abandoned`: its agent runs on in spite of its abort.
   */
  | {
      readonly kind: "released";
      readonly delivery: DeliveryFacts;
      readonly cause: WithoutRun | "abandoned";
      readonly reason: string;
    }
  /** Most of the last `of` agents failed, and messages go one at a time until some succeed; or that is over. */
  | { readonly kind: "breaker"; readonly open: boolean; readonly failures: number; readonly of: number }
  /** Held back under its lease, without a slot; not terminal: it runs again here. */
  | {
      readonly kind: "deferred";
      readonly delivery: DeliveryFacts;
      readonly afterSeconds: number;
      readonly reason: string;
    }
  /** The provider behind a budget takes no call for now; not terminal. Without a time: the usual pause. */
  | {
      readonly kind: "busy";
      readonly delivery: DeliveryFacts;
      readonly budget: string;
      readonly seconds: number | undefined;
      readonly reason: string;
    }
  /** Failed, and is tried again under its lease; not terminal. Without a time: when the breaker closes, or nothing else is to be tried. */
  | {
      readonly kind: "retriedHere";
      readonly delivery: DeliveryFacts;
      readonly agentMs: number;
      readonly afterSeconds: number | undefined;
      readonly cause?: unknown;
    }
  /** A stop begins: what it waits for, and for how long at most. */
  | {
      readonly kind: "draining";
      readonly running: number;
      /** Received messages that still get their run. */
      readonly unstarted: number;
      readonly openPolls: number;
      /** Until the last of the open polls has ended. */
      readonly pollsMs: number;
      readonly budgetMs: number;
    }
  | {
      readonly kind: "settleFailed";
      readonly operation: "delete" | "visibility" | "deadLetter";
      readonly count: number;
      readonly error: unknown;
    }
  | { readonly kind: "extendFailed"; readonly count: number; readonly error: unknown }
  | { readonly kind: "leaseLost"; readonly delivery: DeliveryFacts; readonly reason: string }
  | {
      readonly kind: "abortIgnored";
      readonly delivery: DeliveryFacts;
      readonly cause: string;
      readonly sinceMs: number;
    }
  | { readonly kind: "progress"; readonly delivery: DeliveryFacts; readonly note: string }
  /** Before an abort the agent saved its state, or didn't. */
  | {
      readonly kind: "checkpoint";
      readonly delivery: DeliveryFacts;
      readonly cause: CheckpointCause;
      readonly saved: boolean;
      readonly error?: unknown;
      readonly elapsedMs: number;
    }
  /**
   * With IDEMPOTENCY_TABLE: the message's key was `finished` before, is `held` by another run, was used with another
   * payload, or was taken over while the agent ran (`late`: its result was discarded).
   */
  | {
      readonly kind: "repeated";
      readonly delivery: DeliveryFacts;
      readonly found: "finished" | "held" | "otherPayload" | "late";
    }
  /** An agent's process died of a signal, or was killed for an excess: `times` in a row of the same, with this message. */
  | { readonly kind: "crashed"; readonly delivery: DeliveryFacts; readonly of: string; readonly times: number }
  | { readonly kind: "oddAnswer"; readonly detail: string; readonly count: number }
  /** `starting → running → draining → stopped`. */
  | {
      readonly kind: "lifecycle";
      readonly state: "starting" | "running" | "draining" | "stopped";
      readonly detail?: string;
    }
  /** The health and metrics pages are served at this address. */
  | { readonly kind: "listening"; readonly host: string; readonly port: number }
  /** The platform protects this task from scale-in and deployments, or no more; `failures` tries before it failed. */
  | { readonly kind: "protection"; readonly on: boolean; readonly failures: number }
  /** It was asked to and didn't; told when the trouble is another than before. */
  | {
      readonly kind: "protectionFailed";
      readonly on: boolean;
      readonly trouble: ProtectionTrouble;
      readonly retryInMs: number;
      /** For how long an earlier protection surely lasts. */
      readonly lastsMs: number;
      readonly error: unknown;
    }
  /** A service refused calls of our own wire, with this error, and took one of the SDK's client, by which all go since. */
  | { readonly kind: "transportChanged"; readonly service: "SQS" | "DynamoDB"; readonly error: unknown }
  /** The worker ends because of something that nobody asked for. */
  | { readonly kind: "fatal"; readonly text: string; readonly error: unknown }
  | { readonly kind: "warning"; readonly text: string; readonly error?: unknown };

/** Where the stages report to. Must return at once and never throw; nothing on a message's path waits for it. */
export type Telemetry = (fact: Fact) => void;

/**
 * Hands each fact to several listeners; those added to the list later hear what comes later. One that throws, or whose
 * promise rejects, is told of once, to the others, and touches neither them nor whoever tells.
 */
export function fanOut(listeners: readonly Telemetry[]): Telemetry {
  const faulty = new Set<Telemetry>();
  const failed = (listener: Telemetry, error: unknown) => {
    if (faulty.has(listener)) return;
    faulty.add(listener);
    const text = "a listener of facts failed: it is told of once, though it goes on hearing facts";
    for (const other of listeners) if (other !== listener) tell(other, { kind: "warning", text, error });
  };
  const tell = (listener: Telemetry, fact: Fact) => {
    try {
      // One that is async fits the type as well.
      const end: unknown = listener(fact);
      if (typeof end === "object") Promise.resolve(end).catch((error: unknown) => failed(listener, error));
    } catch (error) {
      failed(listener, error);
    }
  };
  return (fact) => {
    for (const listener of listeners) tell(listener, fact);
  };
}
