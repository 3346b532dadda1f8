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
  readonly #answering = new Set<Socket>();
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#count;
  }

  /** Answers under way on all of them. */
  get answers(): number {
    return this.#answering.size;
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

  /** An answer is under way on it: it keeps its place until that is `answered`, or it closes. */
  answering(socket: Socket): void {
    if (!socket.destroyed) this.#answering.add(socket);
  }

  answered(socket: Socket): void {
    this.#answering.delete(socket);
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
    this.#answering.delete(socket);
    if (ofAddress.size === 0) this.#byAddress.delete(address);
  }
}
