import type { MemoryQueue } from "../memory-queue.js";
import { randomFrom } from "../random.js";
import type { Climate } from "./climate.js";
import type { Ledger } from "./ledger.js";
import type { Work } from "./work.js";

const ID_OFFSET = 11_000_000;

/** Sends a fleet its messages, to groups that a seed decides. */
export class Producer {
  readonly #random: () => number;

  constructor(
    private readonly climate: Climate,
    private readonly queue: MemoryQueue,
    private readonly ledger: Ledger,
    private readonly work: Work,
  ) {
    this.#random = randomFrom(climate.seed + ID_OFFSET);
  }

  send(count: number): void {
    for (let n = 0; n < count; n++) this.#sendOne(`g${Math.floor(this.#random() * this.climate.groups)}`);
  }

  /** Each is done at once, whatever happens, and has a group of its own. */
  sendHealthy(count: number): void {
    for (let n = 0; n < count; n++) this.work.bless(this.#sendOne(`healthy-${n}`));
  }

  #sendOne(group: string): string {
    const id = `message-${this.ledger.messages.size + 1}`;
    const groupId = this.climate.fifo ? group : undefined;
    this.ledger.sent(id, groupId);
    this.queue.send("{}", { id, ...(groupId !== undefined && { groupId }) });
    return id;
  }
}
