import { monotonicMs } from "./clock.mjs";
import { handleOf, idOf, md5, md5OfAttributes } from "./message-marks.mjs";

/**
 * A queue like one of SQS, small enough to be scanned: visibility timeouts, receive counts, handles of which only the
 * latest is good; with `maxReceiveCount` a message that would be handed out more often becomes a dead letter instead. Of
 * a FIFO group nothing is handed out while a message that was handed out before is hidden. `wake` is called whenever a
 * message may have become visible.
 */
export class SmallQueue {
  #messages = new Map();
  /** Monotonic milliseconds at which each message was first handed out. */
  #receivedAt = {};
  #sent = 0;
  #deleted = new Set();
  #dead = new Set();
  #staleDeletes = 0;
  #visibilityChanges = 0;
  #receives = 0;
  #redeliveries = 0;
  #visibilitySeconds;
  #maxReceiveCount;
  #wake;
  #timer;

  constructor({ visibilitySeconds = 30, maxReceiveCount, seed = 0, wake = () => {} } = {}) {
    this.#visibilitySeconds = visibilitySeconds;
    this.#maxReceiveCount = maxReceiveCount;
    this.#wake = wake;
    for (let number = 0; number < seed; number++) this.send(JSON.stringify({ task_id: String(number), data: {} }));
  }

  send(body, attributes, groupId) {
    const number = ++this.#sent;
    const id = idOf(number);
    const message = { id, body, md5: md5(body), sentAt: Date.now(), receiveCount: 0, visibleAt: 0 };
    if (groupId !== undefined) Object.assign(message, { groupId, sequenceNumber: String(number) });
    if (attributes && Object.keys(attributes).length > 0) {
      message.attributes = attributes;
      message.md5OfAttributes = md5OfAttributes(attributes);
    }
    this.#messages.set(id, message);
    this.#wake();
    return message;
  }

  receive(max, visibilitySeconds = this.#visibilitySeconds) {
    const now = Date.now();
    const batch = [];
    const blocked = new Set();
    for (const message of this.#messages.values()) {
      if (batch.length === max) break;
      if (message.visibleAt > now) {
        blocked.add(message.groupId);
        continue;
      }
      if (message.groupId !== undefined && blocked.has(message.groupId)) continue;
      if (message.receiveCount >= this.#maxReceiveCount) {
        this.#messages.delete(message.id);
        this.#dead.add(message.id);
        continue;
      }
      message.receiveCount += 1;
      this.#receives += 1;
      if (message.receiveCount > 1) this.#redeliveries += 1;
      message.firstReceivedAt ??= now;
      this.#receivedAt[message.id] ??= monotonicMs();
      message.handle = handleOf(message.id, message.receiveCount);
      message.visibleAt = now + visibilitySeconds * 1000;
      batch.push({ ...message });
    }
    for (const { id } of batch) this.#putLast(id);
    this.#schedule();
    return batch;
  }

  /** An old handle deletes nothing, and SQS says so to nobody. */
  delete(handle) {
    const message = this.#holder(handle);
    if (!message) {
      this.#staleDeletes += 1;
      return;
    }
    this.#messages.delete(message.id);
    this.#deleted.add(message.id);
    if (message.groupId !== undefined) this.#wake();
  }

  /** The name of the error, or undefined. */
  changeVisibility(handle, seconds) {
    this.#visibilityChanges += 1;
    const message = this.#holder(handle);
    if (!message) return "InvalidParameterValue";
    if (message.visibleAt <= Date.now()) return "MessageNotInflight";
    message.visibleAt = Date.now() + seconds * 1000;
    this.#putLast(message.id);
    if (seconds === 0) this.#wake();
    this.#schedule();
    return undefined;
  }

  /** When each message was first handed out, in monotonic milliseconds, by id. */
  receipts() {
    return this.#receivedAt;
  }

  /** Undefined where nothing becomes a dead letter. */
  get maxReceiveCount() {
    return this.#maxReceiveCount;
  }

  stats() {
    const now = Date.now();
    const hidden = [...this.#messages.values()].filter(({ visibleAt }) => visibleAt > now);
    return {
      sent: this.#sent,
      deleted: this.#deleted.size,
      deletedIds: [...this.#deleted],
      hidden: hidden.length,
      hiddenIds: hidden.map(({ id }) => id),
      visible: this.#messages.size - hidden.length,
      dead: this.#dead.size,
      deadIds: [...this.#dead],
      receives: this.#receives,
      redeliveries: this.#redeliveries,
      staleDeletes: this.#staleDeletes,
      visibilityChanges: this.#visibilityChanges,
    };
  }

  close() {
    clearTimeout(this.#timer);
  }

  #holder(handle) {
    const id = handle.split(":")[1];
    const message = this.#messages.get(id);
    return message?.handle === handle ? message : undefined;
  }

  /** What comes back will stand behind what has waited: SQS promises no order, and it is the harder one. */
  #putLast(id) {
    const message = this.#messages.get(id);
    if (message.groupId !== undefined) return;
    this.#messages.delete(id);
    this.#messages.set(id, message);
  }

  /** One timer for the message that becomes visible next. */
  #schedule() {
    clearTimeout(this.#timer);
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const { visibleAt } of this.#messages.values()) if (visibleAt > now) next = Math.min(next, visibleAt);
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(
      () => {
        this.#wake();
        this.#schedule();
      },
      Math.min(next - now + 1, 2 ** 31 - 1),
    );
  }
}
