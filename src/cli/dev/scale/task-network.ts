import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

const LOOPBACK = "127.0.0.1";

/** One task's way to the queue: a TCP proxy that can be cut. What is cut says nothing, as a network does. */
export class TaskNetwork {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #waiting = new Set<Socket>();
  #cut = false;

  private constructor(private readonly target: { readonly port: number }) {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens on loopback, and leads to `endpoint`. */
  static async open(endpoint: string): Promise<TaskNetwork> {
    const network = new TaskNetwork({ port: Number(new URL(endpoint).port) });
    await new Promise<void>((resolve, reject) => {
      network.#server.once("error", reject).listen({ port: 0, host: LOOPBACK }, resolve);
    });
    return network;
  }

  get endpoint(): string {
    return `http://${LOOPBACK}:${(this.#server.address() as AddressInfo).port}`;
  }

  get isCut(): boolean {
    return this.#cut;
  }

  /** From now on nothing comes through, either way; connections hang. */
  cut(): void {
    this.#cut = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.unpipe().pause();
  }

  /** The network is back; connections from before it are dead. */
  mend(): void {
    if (!this.#cut) return;
    this.#cut = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    for (const socket of this.#waiting) socket.destroy();
  }

  close(): void {
    this.cut();
    this.mend();
    this.#server.close();
  }

  #accept(near: Socket): void {
    near.on("error", () => near.destroy());
    if (this.#cut) {
      this.#waiting.add(near.pause());
      near.once("close", () => this.#waiting.delete(near));
      return;
    }
    const far = connect({ port: this.target.port, host: LOOPBACK, noDelay: true });
    near.setNoDelay(true);
    far.on("error", () => far.destroy());
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    near.once("close", end).pipe(far);
    far.once("close", end).pipe(near);
  }
}
