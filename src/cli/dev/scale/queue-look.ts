/** What is on the queue and in its dead-letter queue, by the numbers of messages. */
export interface QueueLook {
  readonly visible: readonly number[];
  readonly delayed: readonly number[];
  readonly inFlight: readonly number[];
  readonly dead: readonly number[];
}

interface Answer {
  readonly visible: readonly number[];
  readonly delayed: readonly number[];
  readonly inFlight: readonly number[];
}

const WITHIN_MS = 10_000;

/**
 * Looks into both queues. A message moves from the queue to the dead letters and never back, so that the queue is
 * looked at first: what moves between the two looks is seen twice, and nothing is overlooked.
 */
export async function lookAt(endpoint: string, queueName: string): Promise<QueueLook> {
  const queue = await look(endpoint, queueName);
  const letters = await look(endpoint, `${queueName}-dlq`);
  return { ...queue, dead: [...letters.visible, ...letters.delayed, ...letters.inFlight] };
}

async function look(endpoint: string, name: string): Promise<Answer> {
  const response = await fetch(`${endpoint}/_fauxqs/queues/${name}`, { signal: AbortSignal.timeout(WITHIN_MS) });
  if (!response.ok) throw new Error(`the queue server answered ${response.status}`);
  return (await response.json()) as Answer;
}
