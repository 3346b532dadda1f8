import type { Socket } from "node:net";

/**
 * The connections of a port, no more of them than it has room for.
 *
 * Nobody is refused: a health check or a load balancer that finds the port full of others must be answered all the same.
 * The newcomer takes the place of the oldest connection in which nothing is being answered, of the address that has most
 * of them. So whoever holds many of them loses his own, and an address with few, or a proxy with many viewers, loses at
 * most what lies idle. Only where all are being answered, the newcomer goes.
 */
export class Connections {
  readonly #max: number;
  readonly #byAddress = new Map<string, Set<Socket>>();
  /** Answers under way on a connection; pipelined requests have several. */
  readonly #answering = new Map<Socket, number>();
  #count = 0;
  #answers = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#count;
  }

  /** Answers under way on all of them. */
  get answers(): number {
    return this.#answers;
  }

  /** To be called with each new connection. */
  admit(socket: Socket): void {
    if (this.#count >= this.#max && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const address = socket.remoteAddress ?? "";
    const ofAddress = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, ofAddress.add(socket));
    this.#count++;
    socket.once("close", () => this.#forget(socket, address));
  }

  /** An answer is under way on it: it keeps its place until as many are `answered`, or it closes. */
  answering(socket: Socket): void {
    if (socket.destroyed) return;
    this.#answering.set(socket, (this.#answering.get(socket) ?? 0) + 1);
    this.#answers++;
  }

  answered(socket: Socket): void {
    const before = this.#answering.get(socket);
    if (before === undefined) return;
    this.#answers--;
    if (before > 1) this.#answering.set(socket, before - 1);
    else this.#answering.delete(socket);
  }

  #makeRoom(): boolean {
    let most: { readonly idle: Socket; readonly address: string; readonly size: number } | undefined;
    for (const [address, sockets] of this.#byAddress) {
      if (most && sockets.size <= most.size) continue;
      const idle = this.#oldestIdle(sockets);
      if (idle) most = { idle, address, size: sockets.size };
    }
    if (!most) return false;
    // At once, since its `close` comes later than the next newcomer may.
    this.#forget(most.idle, most.address);
    most.idle.destroy();
    return true;
  }

  #oldestIdle(sockets: ReadonlySet<Socket>): Socket | undefined {
    for (const socket of sockets) if (!this.#answering.has(socket)) return socket;
    return undefined;
  }

  #forget(socket: Socket, address: string): void {
    const ofAddress = this.#byAddress.get(address);
    if (!ofAddress?.delete(socket)) return;
    this.#count--;
    // Of pipelined answers that had to wait for their turn, nobody hears that they are over.
    this.#answers -= this.#answering.get(socket) ?? 0;
    this.#answering.delete(socket);
    if (ofAddress.size === 0) this.#byAddress.delete(address);
  }
}
