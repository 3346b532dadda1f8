import { greeting } from "greeting";
import { Reject } from "queuehand";

export default async function agent({ body }) {
  if (body.id === undefined) throw new Reject("a body without an id");
  console.log(greeting(body.id));
}
