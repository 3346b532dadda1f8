// The agent: the same module runs under `queuehand run`, and by index.mjs as a Lambda function.
// Body: {"order_id": "A-1", "quantity": 2}
import { setTimeout as sleep } from "node:timers/promises";
import { Reject, Retry } from "queuehand";

export default async function orderAgent({ body, receiveCount }, { log, signal }) {
  if (typeof body?.order_id !== "string") throw new Reject('the body has no "order_id"');
  if (body.flaky && receiveCount === 1) throw new Retry(1, "the first try fails on purpose");
  await sleep(20, undefined, { signal }); // the work
  log.info({ orderId: body.order_id }, "order packed");
}
