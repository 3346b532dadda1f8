import { randomUUID } from "node:crypto";
import type { OutgoingMessage } from "../../aws/sqs/sqs-producer.js";
import { sampleBody } from "./samples.js";

/** What a newcomer sees of order: groups of some messages each, side by side. */
const GROUPS = 3;

export interface SampleOptions {
  /** Sent in turn instead of the sample bodies. */
  readonly bodies: readonly string[] | undefined;
  /** Whether the queue is a FIFO one. */
  readonly fifo: boolean;
}

/**
 * The `n`-th message that `dev` sends by itself, counted from 1.
 * @param workMs how long the sample agent is to work on it; the agent's own choice if left out.
 */
export function sampleMessage({ bodies, fifo }: SampleOptions, n: number, workMs?: number): OutgoingMessage {
  const body = bodies ? bodies[(n - 1) % bodies.length]! : sampleBody(n, workMs);
  // The lines of a file come again: each is a message of its own.
  return fifo ? { body, groupId: `group-${(n % GROUPS) + 1}`, deduplicationId: randomUUID() } : { body };
}
