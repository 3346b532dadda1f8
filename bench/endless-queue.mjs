import { handleOf, idOf, md5 } from "./message-marks.mjs";

/**
 * A queue that never runs dry and remembers nothing: what costs least, so that the client is what a run measures.
 * Bodies are JSON of exactly `bodyBytes` bytes.
 */
export class EndlessQueue {
  received = 0;
  deleted = 0;
  #body;
  #md5;

  constructor({ bodyBytes = 256 } = {}) {
    const frame = JSON.stringify({ task_id: "42", data: "" });
    this.#body = JSON.stringify({ task_id: "42", data: "x".repeat(Math.max(0, bodyBytes - frame.length)) });
    this.#md5 = md5(this.#body);
  }

  receive(max) {
    const now = Date.now();
    return Array.from({ length: max }, () => {
      const id = idOf(++this.received);
      return {
        id,
        handle: handleOf(id, 1),
        body: this.#body,
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
