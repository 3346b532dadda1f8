import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/**
 * A connection that can be cut: from then on nothing comes through, either way, and nobody is told, as on a network.
 * An HTTP server takes it for a socket, so that no second connection has to be made to carry it.
 */
export class Severable extends Duplex {
  #cut = false;

  constructor(private readonly socket: Socket) {
    super({ allowHalfOpen: false });
    socket.setNoDelay(true);
    socket.on("data", (piece: Buffer) => {
      if (!this.#cut && !this.push(piece)) socket.pause();
    });
    socket.on("end", () => this.#cut || this.push(null));
    socket.on("error", () => this.destroy());
    socket.on("close", () => this.destroy());
  }

  cut(): void {
    this.#cut = true;
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(piece: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#cut) done();
    else this.socket.write(piece, encoding, done);
  }

  override _writev(pieces: { chunk: Buffer; encoding: BufferEncoding }[], done: (error?: Error | null) => void): void {
    if (this.#cut) return done();
    this.socket.cork();
    for (const [at, { chunk, encoding }] of pieces.entries()) {
      this.socket.write(chunk, encoding, at === pieces.length - 1 ? done : undefined);
    }
    this.socket.uncork();
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#cut) this.socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }
}
