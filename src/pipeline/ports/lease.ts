/** Where leases stand, each at an index of its own. */
export interface LeasePlaces {
  expiresAt(index: number): number;
  heldSince(index: number): number;
  /** How often it was extended; and, if it was, when that was last asked for, in monotonic milliseconds. */
  extensions(index: number): number;
  extendedAt(index: number): number;
  isLost(index: number): boolean;
  /** Gives a lease up and tells its holder; false if it could not, as it had been given up before. */
  lapse(index: number): boolean;
  lock(index: number): boolean | Promise<boolean>;
  unlock(index: number): boolean;
  free(index: number): void;
}

/** The right to keep one message hidden, as its delivery sees it. */
export class Lease {
  /** Called when the lease is found to be lost, with the reason. */
  onLost: ((reason: string) => void) | undefined;
  #ended = false;

  /** @internal */
  constructor(
    private readonly places: LeasePlaces,
    readonly index: number,
    readonly generation: number,
  ) {}

  /** Monotonic milliseconds at which SQS may show the message to others. */
  get expiresAt(): number {
    return this.places.expiresAt(this.index);
  }

  /** Monotonic milliseconds of the request that received the message; SQS counts its 12 hours from there. */
  get heldSince(): number {
    return this.places.heldSince(this.index);
  }

  /** How often it was extended and when last, in monotonic milliseconds; undefined of a lease that never was. */
  get extended(): { readonly times: number; readonly at: number } | undefined {
    const times = this.#ended ? 0 : this.places.extensions(this.index);
    return times > 0 ? { times, at: this.places.extendedAt(this.index) } : undefined;
  }

  get lost(): boolean {
    return !this.#ended && this.places.isLost(this.index);
  }

  /** Asks the clock: true, and the lease is lost, if it ends before `before` (monotonic milliseconds). */
  isOver(before: number): boolean {
    if (this.#ended) return false;
    return this.lost || (this.expiresAt < before && this.places.lapse(this.index));
  }

  /** Takes the lease for an operation on the queue: true when taken, false when it is lost, a promise while it is extended. */
  lock(): boolean | Promise<boolean> {
    return !this.#ended && this.places.lock(this.index);
  }

  /** Gives the lease back to the extender after an operation that changed nothing. */
  unlock(): void {
    if (!this.#ended) this.places.unlock(this.index);
  }

  /** Ends the lease on our side; its place may be another's from now on. Harmless when repeated. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.places.free(this.index);
  }
}
