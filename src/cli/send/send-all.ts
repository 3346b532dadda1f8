import type { OutgoingMessage, SendResult } from "../../aws/sqs-producer.js";
import { BATCH_MAX, QueueError } from "../../pipeline/queue.js";
import { ExitCode } from "../exit-code.js";
import { CommandError } from "../failure.js";

/** What sends a batch of at most ten; SqsProducer is one. */
export interface Sender {
  send(messages: readonly OutgoingMessage[], signal: AbortSignal): Promise<SendResult[]>;
}

/** What became of the messages. */
export interface SendTally {
  readonly sent: number;
  readonly failed: number;
  /** Of the first hundred that were sent. */
  readonly messageIds: readonly string[];
  /** How many messages failed of each cause. */
  readonly faults: Readonly<Record<string, number>>;
}

export interface SendAllOptions {
  /** Asked before each batch; as fast as it goes if unset. */
  readonly pace?: { take(count: number, signal: AbortSignal): Promise<void> } | undefined;
  /** Most messages in a batch, 1..10: few where the pace is slow, so that it is even. */
  readonly batchMax?: number | undefined;
  /** Told how many messages have been sent or have failed so far. */
  readonly onProgress?: (ended: number) => void;
}

/** Batches on the way at once: enough for some thousand messages a second at SQS's usual answer times. */
const PARALLEL = 16;
/** A list of more ids than this helps nobody. */
const IDS_MAX = 100;

/**
 * Sends everything that `messages` yields, several batches at once; stops taking more when the signal aborts.
 * @throws CommandError when the queue is gone or forbidden.
 */
export async function sendAll(
  sender: Sender,
  messages: AsyncIterable<OutgoingMessage>,
  signal: AbortSignal,
  { pace, batchMax = BATCH_MAX, onProgress }: SendAllOptions = {},
): Promise<SendTally> {
  const faults: Record<string, number> = Object.create(null);
  const messageIds: string[] = [];
  let sent = 0;
  let failed = 0;
  const take = (results: readonly SendResult[]) => {
    for (const result of results) {
      if (result.ok) {
        sent++;
        if (messageIds.length < IDS_MAX) messageIds.push(result.id);
      } else {
        failed++;
        faults[result.detail] = (faults[result.detail] ?? 0) + 1;
      }
    }
    onProgress?.(sent + failed);
  };
  let fatal: unknown;
  const underWay = new Set<Promise<void>>();
  try {
    for await (const batch of batches(messages, batchMax)) {
      await pace?.take(batch.length, signal);
      if (signal.aborted || fatal !== undefined) break;
      const sending: Promise<void> = sender
        .send(batch, signal)
        .then(take, (error: unknown) => {
          fatal ??= error;
        })
        .finally(() => underWay.delete(sending));
      underWay.add(sending);
      if (underWay.size >= PARALLEL) await Promise.race(underWay);
    }
  } finally {
    await Promise.all(underWay);
  }
  if (fatal instanceof QueueError) throw new CommandError(fatal.message, ExitCode.unavailable);
  if (fatal !== undefined) throw fatal;
  return { sent, failed, messageIds, faults };
}

async function* batches(messages: AsyncIterable<OutgoingMessage>, batchMax: number): AsyncGenerator<OutgoingMessage[]> {
  let batch: OutgoingMessage[] = [];
  for await (const message of messages) {
    batch.push(message);
    if (batch.length < batchMax) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
