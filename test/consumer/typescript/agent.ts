import { type Context, defineHandler, type Message, Reject } from "queuehand";

export interface Order {
  readonly id: string;
  readonly amount?: number;
}

/** An agent of one's own type of body, without a decoder or a schema. */
export default defineHandler<Order>({
  async handle({ body }, { log }) {
    if (body.amount !== undefined && body.amount < 0) throw new Reject("a negative amount");
    // @ts-expect-error: a body has its own type, not any
    body.nothing;
    log.info({ id: body.id }, "order seen");
  },
});

/** The same as a plain function, with the names of its types. */
export async function plain(message: Message<Order>, context: Context): Promise<void> {
  context.log.info({ id: message.body.id }, "order seen");
}
