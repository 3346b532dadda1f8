import type { ServerResponse } from "node:http";

/** A stream that is cut by the port's own bound looks like an error to its viewer: it is ended before. */
const TICKS_MAX = 25;
/** What may wait for a reader: whoever reads slower than that misses ticks instead of filling the memory. */
const UNREAD_MAX = 64 * 1024;
const RECONNECT_MS = 500;

const HEADERS = { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" };

/** One event as it goes out. */
export function eventText(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}

/** Sends each tick to all who watch: made once, however many they are, and kept for nobody. */
export class Feed {
  readonly #viewers = new Map<ServerResponse, number>();

  get viewers(): number {
    return this.#viewers.size;
  }

  open(response: ServerResponse): void {
    response.writeHead(200, HEADERS);
    response.write(`retry: ${RECONNECT_MS}\n\n`);
    this.#viewers.set(response, 0);
    response.once("close", () => this.#viewers.delete(response));
  }

  send(events: string): void {
    for (const [viewer, ticks] of this.#viewers) {
      if (ticks >= TICKS_MAX) {
        this.#viewers.delete(viewer);
        viewer.end();
        continue;
      }
      this.#viewers.set(viewer, ticks + 1);
      if (viewer.writableLength <= UNREAD_MAX) viewer.write(events);
    }
  }

  /** Ends all streams. */
  close(): void {
    for (const viewer of this.#viewers.keys()) viewer.end();
    this.#viewers.clear();
  }
}
