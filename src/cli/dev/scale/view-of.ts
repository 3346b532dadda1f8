import type { ControlLoop } from "./control-loop.js";
import type { Evidence } from "./evidence.js";
import type { LoadFeed } from "./load-feed.js";
import type { LoadPump } from "./load-pump.js";
import type { PeerView } from "./peers-run.js";
import { costSoFar } from "./prices-so-far.js";
import type { ProcessFleet } from "./process-fleet.js";
import type { ScaleOptions } from "./scale-options.js";
import type { ScaleEvent, ScaleView, TaskView } from "./scale-view.js";

export interface ViewParts {
  /** Since the load began, and of the fleet's clock. */
  readonly second: number;
  readonly now: number;
  readonly options: ScaleOptions;
  readonly pump: LoadPump;
  readonly feed: LoadFeed;
  readonly poison: number;
  readonly fleet: ProcessFleet;
  readonly evidence: Evidence;
  readonly loop: ControlLoop;
  readonly peers: readonly PeerView[];
  readonly events: readonly ScaleEvent[];
  readonly taskHours: number;
}

const ORDERS_SHOWN = 8;

/** Puts together what is shown. The recent waits are those since the last call. */
export function viewOf(parts: ViewParts): ScaleView {
  const { second, options, pump, fleet, evidence, loop, peers, feed, taskHours } = parts;
  const { speed, targetDelaySeconds } = options;
  const { service } = fleet;
  const { ledger, waits, verdict, queue } = evidence;
  const rate = pump.rateAt(second);
  return {
    second,
    speed,
    load: {
      name: pump.name,
      rate,
      fleetRate: rate / speed,
      behind: feed.behind,
      leftOut: feed.leftOut,
      poison: parts.poison,
    },
    tasks: {
      desired: service.desired,
      running: service.count("running"),
      starting: service.count("starting"),
      draining: service.count("draining"),
      version: service.version,
      deploying: service.deploying,
      list: fleet.tasks.map(({ id, version, state, frozen, cut }): TaskView => {
        const guarded = service.isProtected(id, parts.now);
        return { id, version, state, busy: evidence.busyOf(id), frozen, cut, protected: guarded };
      }),
    },
    queue,
    wait: { target: targetDelaySeconds, recent: waits.takeRecent(), all: waits.all },
    slotDemand: loop.slotDemand,
    alarms: loop.alarms,
    orders: loop.orders.slice(-ORDERS_SHOWN),
    events: parts.events,
    equation: verdict,
    overlaps: ledger.overlaps.count,
    overlapsExcused: ledger.overlaps.excused,
    doneAgain: ledger.doneAgain,
    failures: ledger.failures,
    cost: {
      taskHours,
      usd: costSoFar(options, taskHours, feed.count),
      peers: peers.map((peer) => ({ ...peer, usd: costSoFar(options, peer.taskHours, feed.count) })),
    },
  };
}
