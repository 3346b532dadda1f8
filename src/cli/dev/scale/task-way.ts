import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import { Severable } from "./severable.js";

const LOOPBACK = "127.0.0.1";

/** One task's way to the queue server: a port of its own, and a network that can be cut. */
export class TaskWay {
  readonly #listener: NetServer;
  readonly #connections = new Set<Severable>();
  #cut = false;

  /** @param take is handed each connection, as the server would take a socket. */
  constructor(take: (connection: Severable) => void) {
    this.#listener = createServer((socket: Socket) => {
      const connection = new Severable(socket);
      if (this.#cut) connection.cut();
      this.#connections.add(connection);
      connection.once("close", () => this.#connections.delete(connection));
      take(connection);
    });
  }

  /** Resolves with its port. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#listener.once("error", reject).listen({ port: 0, host: LOOPBACK }, () => {
        resolve((this.#listener.address() as AddressInfo).port);
      });
    });
  }

  /** From now on connections hang, those that are made as well. */
  cut(): void {
    this.#cut = true;
    for (const connection of this.#connections) connection.cut();
  }

  /** The network is back; connections that hung are dead. */
  mend(): void {
    if (!this.#cut) return;
    this.#cut = false;
    for (const connection of this.#connections) connection.destroy();
  }

  close(): void {
    this.#listener.close();
    for (const connection of this.#connections) connection.destroy();
  }
}
