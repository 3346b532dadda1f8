import type { LoadPump } from "./load-pump.js";
import type { LoadSender } from "./load-sender.js";

/** Hands what the load's pump brings to the sender, and numbers it: the n-th message that is due is message n. */
export class LoadFeed {
  /** Messages so far. */
  count = 0;
  /** Messages of the load that this machine was too slow to send. */
  leftOut = 0;

  /** @param onDue hears of each message and the second at which it was due. */
  constructor(
    private readonly pump: LoadPump,
    private readonly sender: LoadSender,
    private readonly onDue: (n: number, second: number) => void,
  ) {}

  /** Due and not yet sent. */
  get behind(): number {
    return this.sender.behind;
  }

  /** Everything that has become due up to `second`. */
  follow(second: number): void {
    const moments = this.pump.due(second);
    const taken = moments.slice(0, this.sender.room);
    for (const moment of taken) this.onDue(++this.count, moment);
    this.leftOut += moments.length - taken.length;
    this.sender.add(taken.length);
  }
}
