import type { AlarmView } from "../../../scaling/autoscaler.js";
import type { Order } from "./control-loop.js";
import type { Verdict } from "./equation-watch.js";
import type { PeerView } from "./peers-run.js";
import type { TaskState } from "./service.js";

/** One task as it is shown. */
export interface TaskView {
  readonly id: number;
  readonly version: number;
  readonly state: TaskState;
  /** Agents that run in it. */
  readonly busy: number;
  readonly frozen: boolean;
  readonly cut: boolean;
  readonly protected: boolean;
}

/** Something that happened. */
export interface ScaleEvent {
  readonly second: number;
  readonly text: string;
}

/** Seconds that messages waited, from sent to agent started; 0 where none started. */
export interface WaitView {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Everything that is shown of the loop at one moment. Seconds are of the fleet's clock. */
export interface ScaleView {
  /** Since the load began. */
  readonly second: number;
  readonly speed: number;
  readonly load: {
    readonly name: string;
    /** Messages a second of the user's clock, and of the fleet's. */
    readonly rate: number;
    readonly fleetRate: number;
    /** Due and not yet sent: this machine doesn't keep up. */
    readonly behind: number;
    /** Never sent, because too many were due already. */
    readonly leftOut: number;
    /** Share of messages whose agent fails, 0..1. */
    readonly poison: number;
  };
  readonly tasks: {
    readonly desired: number;
    readonly running: number;
    readonly starting: number;
    readonly draining: number;
    readonly version: number;
    readonly deploying: boolean;
    readonly list: readonly TaskView[];
  };
  readonly queue: {
    readonly visible: number;
    readonly inFlight: number;
    readonly delayed: number;
    readonly dead: number;
  };
  readonly wait: {
    /** TARGET_DELAY_SECONDS. */
    readonly target: number;
    /** Of messages that started since the view before. */
    readonly recent: WaitView;
    readonly all: WaitView;
  };
  /** Percent; undefined until a worker has published. */
  readonly slotDemand: number | undefined;
  readonly alarms: readonly AlarmView[];
  /** The latest ones, oldest first. */
  readonly orders: readonly Order[];
  readonly events: readonly ScaleEvent[];
  readonly equation: Verdict;
  /** Messages that two agents worked on at once; and those of which one was frozen past its lease. */
  readonly overlaps: number;
  readonly overlapsExcused: number;
  /** Successes beyond each message's first. */
  readonly doneAgain: number;
  readonly failures: number;
  readonly cost: {
    readonly taskHours: number;
    readonly usd: number;
    readonly peers: readonly (PeerView & { readonly usd: number })[];
  };
}
