import { bodyOf } from "./bodies.mjs";
import { handleOf, idOf, md5 } from "./message-marks.mjs";

/** What SQS lets a batch hold that is sent, taken for what it hands out at once: where ten don't fit, fewer come. */
const MOST_BYTES_OF_RECEIVE = 1024 * 1024;

/**
 * A queue that never runs dry and remembers nothing: what costs least, so that the client is what a run measures.
 * Bodies are JSON of exactly `bodyBytes` bytes.
 */
export class EndlessQueue {
  received = 0;
  deleted = 0;
  #bodyJson;
  #md5;
  #most;

  constructor({ bodyBytes = 256 } = {}) {
    const body = bodyOf(bodyBytes);
    this.#bodyJson = JSON.stringify(body);
    this.#md5 = md5(body);
    this.#most = Math.max(1, Math.floor(MOST_BYTES_OF_RECEIVE / bodyBytes));
  }

  receive(max) {
    const now = Date.now();
    return Array.from({ length: Math.min(max, this.#most) }, () => {
      const id = idOf(++this.received);
      return {
        id,
        handle: handleOf(id, 1),
        bodyJson: this.#bodyJson,
        md5: this.#md5,
        sentAt: now,
        firstReceivedAt: now,
        receiveCount: 1,
      };
    });
  }

  delete() {
    this.deleted += 1;
  }

  changeVisibility() {}

  stats() {
    return { received: this.received, deleted: this.deleted };
  }
}
