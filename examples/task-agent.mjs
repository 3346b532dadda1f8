// The sample agent. Body: {"task_id": "42", "data": {"work_ms": 200}}
// Returning deletes the message. Throwing makes it come again, and after a few times it goes to the dead-letter queue.
import { setTimeout as sleep } from "node:timers/promises";

export default async function taskAgent(message, context) {
  const { task_id: taskId, data = {} } = message.body ?? {};
  if (taskId === undefined) throw new Error('the body has no "task_id"');

  context.log.debug({ taskId, receiveCount: message.receiveCount }, "task started");

  // The work: pass the signal on, so that a timeout or a shutdown ends it at once.
  const workMs = data.work_ms ?? 50 + Math.random() * 350;
  await sleep(workMs, undefined, { signal: context.signal });

  if (data.error_trigger) throw new Error(`task ${taskId} failed: its data has an error_trigger`);

  context.log.info({ taskId, workMs: Math.round(workMs) }, "task done");
}
