import { Reject } from "queuehand";

/** Returning deletes the message, throwing makes it come again, Reject puts it to the dead letters. */
export default async function agent({ body }, { log }) {
  if (typeof body?.name !== "string") throw new Reject("the body has no name");
  log.info({ name: body.name }, "hello");
}
