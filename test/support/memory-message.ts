import type { MessageAttribute, ReceivedMessage } from "../../src/pipeline/ports/queue.js";

/** What a test may say about a message that it sends. */
export interface SendOptions {
  readonly id?: string;
  readonly attributes?: Iterable<readonly [string, MessageAttribute]>;
  readonly groupId?: string;
  /** FIFO: the same id within five minutes is swallowed. */
  readonly deduplicationId?: string;
  readonly delaySeconds?: number;
  readonly traceHeader?: string;
}

/** A message that the queue gave up: by its receive count (`redrive`) or because a worker copied it (`copy`). */
export interface DeadMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: ReadonlyMap<string, MessageAttribute>;
  readonly receiveCount: number;
  readonly groupId: string | undefined;
  readonly traceHeader: string | undefined;
  readonly by: "redrive" | "copy";
  readonly reason: string | undefined;
  /** When, by the clock's monotonic milliseconds. */
  readonly at: number;
}

/** One message inside a MemoryQueue. Times are the clock's monotonic milliseconds. */
export class MemoryMessage {
  receiveCount = 0;
  /** The latest handle: the only good one. */
  handle: string | undefined;
  /** When the current hiding began, for the 12 hours; undefined while it was never received. */
  hiddenSince: number | undefined;
  /** By the wall clock, as long as the message lives. */
  firstReceivedAtWall: number | undefined;
  visibleAt: number;

  constructor(
    readonly id: string,
    readonly sequence: number,
    readonly body: string,
    readonly sentAtWall: number,
    visibleAt: number,
    readonly options: SendOptions,
  ) {
    this.visibleAt = visibleAt;
  }

  inFlight(now: number): boolean {
    return this.handle !== undefined && this.visibleAt > now;
  }

  received(handle: string): ReceivedMessage {
    const { groupId, deduplicationId, traceHeader } = this.options;
    return {
      id: this.id,
      handle,
      body: this.body,
      attributes: new Map(this.options.attributes ?? []),
      receiveCount: this.receiveCount,
      sentAt: this.sentAtWall,
      intact: true,
      ...(this.firstReceivedAtWall !== undefined && { firstReceivedAt: this.firstReceivedAtWall }),
      ...(groupId !== undefined && { groupId, sequenceNumber: String(this.sequence).padStart(20, "0") }),
      ...(deduplicationId !== undefined && { deduplicationId }),
      ...(traceHeader !== undefined && { traceHeader }),
    };
  }

  dead(by: DeadMessage["by"], at: number, reason?: string): DeadMessage {
    return {
      id: this.id,
      body: this.body,
      attributes: new Map(this.options.attributes ?? []),
      receiveCount: this.receiveCount,
      groupId: this.options.groupId,
      traceHeader: this.options.traceHeader,
      by,
      reason,
      at,
    };
  }
}
