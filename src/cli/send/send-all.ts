import type { OutgoingMessage, SendResult } from "../../aws/sqs/sqs-producer.js";
import { BATCH_MAX } from "../../pipeline/ports/queue.js";
import { masked } from "../../text/masked.js";

/** What sends a batch of at most ten; SqsProducer is one. */
export interface Sender {
  send(messages: readonly OutgoingMessage[], signal: AbortSignal): Promise<SendResult[]>;
}

/** A message to send, or why none can be made, and the number by which it is told: that of its line, or its own. */
export type Outgoing =
  | { readonly line: number; readonly message: OutgoingMessage }
  | { readonly line: number; readonly fault: string };

/** What became of the messages. */
export interface SendTally {
  readonly sent: number;
  /** Those included of which it isn't known. */
  readonly failed: number;
  /** Of the failed: no answer says that the queue hasn't got them. */
  readonly unknown: number;
  /** Of the first hundred that were sent. */
  readonly messageIds: readonly string[];
  /** How many messages failed of each cause. */
  readonly faults: Readonly<Record<string, number>>;
  /** Which failed, by line: the first thousand. */
  readonly failures: readonly Failure[];
  /** The last line that was sent or failed; 0 = none. Of those after it none was sent. */
  readonly lastLine: number;
  /** `all`: each message was sent or failed. A failure is that of the queue, or of where the messages come from. */
  readonly end: { readonly kind: "all" | "interrupted" } | { readonly kind: "failed"; readonly error: unknown };
}

export interface Failure {
  readonly line: number;
  readonly detail: string;
}

export interface SendAllOptions {
  /** Asked before each batch; as fast as it goes if unset. */
  readonly pace?: { take(count: number, signal: AbortSignal): Promise<void> } | undefined;
  /** Most messages in a batch, 1..10: few where the pace is slow, so that it is even. */
  readonly batchMax?: number | undefined;
  /** Whether one batch awaits the other, so that what is sent keeps its order. */
  readonly inOrder?: boolean;
  /** Told how many messages have been sent or have failed so far. */
  readonly onProgress?: (ended: number) => void;
}

/** Batches on the way at once: enough for some thousand messages a second at SQS's usual answer times. */
const PARALLEL = 16;
/** A list of more ids than this helps nobody. */
const IDS_MAX = 100;
const FAILURES_MAX = 1_000;
/** A batch is handed on with so many that can't be sent, even if it isn't full. */
const FAULTS_MAX = 1_000;
/** How long what is on its way may take when it is interrupted, until its end is given up. */
const GRACE_MS = 5_000;

/**
 * Sends everything that `messages` yields, several batches at once; stops taking more when the signal aborts, or when
 * nothing can be sent any more. Never rejects.
 */
export async function sendAll(
  sender: Sender,
  messages: AsyncIterable<Outgoing>,
  signal: AbortSignal,
  { pace, batchMax = BATCH_MAX, inOrder = false, onProgress }: SendAllOptions = {},
): Promise<SendTally> {
  const faults: Record<string, number> = Object.create(null);
  const failures: Failure[] = [];
  const messageIds: string[] = [];
  let sent = 0;
  let failed = 0;
  let unknown = 0;
  let lastLine = 0;
  const fail = (line: number, said: string) => {
    const detail = masked(said);
    failed++;
    faults[detail] = (faults[detail] ?? 0) + 1;
    if (failures.length < FAILURES_MAX) failures.push({ line, detail });
  };
  // What was sent is known only when it was answered: an interrupt cuts nothing off at once.
  const cut = new AbortController();
  const cutSoon = () => void setTimeout(() => cut.abort(signal.reason), GRACE_MS).unref();
  signal.addEventListener("abort", cutSoon, { once: true });

  let end: SendTally["end"] = { kind: "all" };
  const underWay = new Set<Promise<void>>();
  const send = async (batch: readonly Outgoing[]) => {
    const made = batch.filter((one) => "message" in one);
    for (const one of batch) if ("fault" in one) fail(one.line, one.fault);
    try {
      const outgoing = made.map(({ message }) => message);
      const results = outgoing.length > 0 ? await sender.send(outgoing, cut.signal) : [];
      for (const [index, { line }] of made.entries()) {
        const result = results[index]!;
        if (!result.ok) {
          fail(line, result.detail);
          if (result.unknown) unknown++;
        } else if (++sent <= IDS_MAX) messageIds.push(result.id);
      }
    } catch (error) {
      if (end.kind !== "failed") end = { kind: "failed", error };
      for (const { line } of made) fail(line, (error as Error).message);
    }
    onProgress?.(sent + failed);
  };
  try {
    for await (const batch of batches(messages, batchMax)) {
      const count = batch.filter((one) => "message" in one).length;
      if (count > 0) await pace?.take(count, signal);
      if (signal.aborted || end.kind !== "all") break;
      lastLine = batch.at(-1)!.line;
      const sending: Promise<void> = send(batch).finally(() => underWay.delete(sending));
      underWay.add(sending);
      if (underWay.size >= (inOrder ? 1 : PARALLEL)) await Promise.race(underWay);
    }
  } catch (error) {
    end = { kind: "failed", error };
  }
  await Promise.all(underWay);
  signal.removeEventListener("abort", cutSoon);
  if (signal.aborted && end.kind === "all") end = { kind: "interrupted" };
  failures.sort((a, b) => a.line - b.line);
  return { sent, failed, unknown, messageIds, faults, failures, lastLine, end };
}

/** Runs with at most `batchMax` messages; what there was before the source failed comes before its failure. */
async function* batches(messages: AsyncIterable<Outgoing>, batchMax: number): AsyncGenerator<Outgoing[]> {
  let batch: Outgoing[] = [];
  let count = 0;
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const one of messages) {
      batch.push(one);
      if ("message" in one) count++;
      if (count < batchMax && batch.length < FAULTS_MAX) continue;
      yield batch;
      batch = [];
      count = 0;
    }
  } catch (error) {
    failure = { error };
  }
  if (batch.length > 0) yield batch;
  if (failure) throw failure.error;
}
