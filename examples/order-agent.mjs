// An agent with a schema, and the four ways in which its work can end.
// Body: {"order_id": "A-1", "sku": "tea", "quantity": 2}
// Any Standard Schema will do: zod as here, valibot, arktype. A body that fails it is rejected with the issues as reason.
import { setTimeout as sleep } from "node:timers/promises";
import { Defer, defineHandler, Reject, Retry } from "queuehand";
import { z } from "zod";

const Order = z.object({
  order_id: z.string().min(1),
  sku: z.string(),
  quantity: z.int().positive(),
});

export default defineHandler({
  schema: Order,

  async handle({ body: order, receiveCount }, { log, signal, progress }) {
    // Reject: trying again can't help. The message goes to the dead-letter queue, with this reason.
    if (!(order.sku in STOCK)) throw new Reject(`no such article: ${order.sku}`);

    // Defer: the message is not at fault, it only came at a bad time.
    if (order.sku === "ice" && !freezerIsUp()) throw new Defer(2, "the freezer is down");

    // Retry: this try failed and another may succeed; in a second here, else by the usual back-off.
    if (order.sku === "beans" && receiveCount === 1) throw new Retry(1, "the picker dropped them");

    progress(`packing ${order.quantity} of ${order.sku}`);
    await sleep(20 * Math.min(order.quantity, 100), undefined, { signal });

    // Done: return, and the message is deleted.
    STOCK[order.sku] -= order.quantity;
    log.info({ orderId: order.order_id, left: STOCK[order.sku] }, "order packed");
  },
});

const STOCK = { __proto__: null, tea: 1_000, beans: 1_000, ice: 1_000 };

const startedAt = Date.now();
const freezerIsUp = () => Date.now() - startedAt > 5_000;
