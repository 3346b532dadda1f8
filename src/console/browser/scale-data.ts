/** What `dev --scale` tells once a second: of its ScaleView the parts that are drawn. Seconds are of the fleet's clock. */
export interface Scale {
  readonly second: number;
  readonly speed: number;
  readonly load: {
    readonly name: string;
    readonly rate: number;
    readonly fleetRate: number;
    readonly behind: number;
    readonly leftOut: number;
    readonly poison: number;
  };
  readonly tasks: {
    readonly desired: number;
    readonly running: number;
    readonly starting: number;
    readonly draining: number;
    readonly version: number;
    readonly list: readonly Task[];
  };
  readonly wait: { readonly target: number; readonly recent: { readonly p95: number; readonly max: number } };
  readonly slotDemand?: number;
  readonly alarms: readonly {
    readonly name: string;
    readonly state: string;
    readonly metric: string;
    readonly threshold: number;
    readonly value?: number;
  }[];
  readonly events: readonly { readonly second: number; readonly text: string }[];
  readonly equation: {
    readonly sent: number;
    readonly done: number;
    readonly dead: number;
    readonly there: number;
    readonly missing: number;
    readonly lost: number;
    readonly holds: boolean;
    readonly looks: number;
  };
  readonly overlaps: number;
  readonly overlapsExcused: number;
  readonly doneAgain: number;
  readonly cost: {
    readonly usd: number;
    readonly taskHours: number;
    readonly peers: readonly {
      readonly policy: string;
      readonly usd: number;
      readonly tasks: number;
      readonly waitP95: number;
    }[];
  };
}

interface Task {
  readonly id: number;
  readonly version: number;
  readonly state: string;
  readonly busy: number;
  readonly frozen: boolean;
  readonly cut: boolean;
}
