import { type Context, type Message, Reject } from "queuehand";

export interface Greeting {
  readonly name: string;
}

/** Returning deletes the message, throwing makes it come again, Reject puts it to the dead letters. */
export default async function agent({ body }: Message<Greeting>, { log }: Context): Promise<void> {
  // Types are gone when it runs: what comes in is checked by hand, or by a schema (defineHandler).
  if (typeof body?.name !== "string") throw new Reject("the body has no name");
  log.info({ name: body.name }, "hello");
}
