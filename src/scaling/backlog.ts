/** The messages that wait, oldest first, each known by the moment it was sent. A ring that grows as needed. */
export class Backlog {
  private ring = new Float64Array(1024);
  private head = 0;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** When the oldest one was sent; Infinity when none waits. */
  get oldest(): number {
    return this.count === 0 ? Number.POSITIVE_INFINITY : this.ring[this.head]!;
  }

  add(sentAt: number): void {
    if (this.count === this.ring.length) this.grow();
    this.ring[(this.head + this.count) & (this.ring.length - 1)] = sentAt;
    this.count++;
  }

  /** Takes the oldest one; there must be one. */
  take(): number {
    const sentAt = this.ring[this.head]!;
    this.head = (this.head + 1) & (this.ring.length - 1);
    this.count--;
    return sentAt;
  }

  private grow(): void {
    const ring = new Float64Array(this.ring.length * 2);
    for (let i = 0; i < this.count; i++) ring[i] = this.ring[(this.head + i) & (this.ring.length - 1)]!;
    this.ring = ring;
    this.head = 0;
  }
}
