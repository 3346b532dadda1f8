// Where the answer to a conversation goes: to REPLY_URL, or, to try it out, into the log.
const { REPLY_URL } = process.env;

export async function reply(id, answer, { log, signal }) {
  if (!REPLY_URL) {
    log.info({ conversation: id, answer }, "no REPLY_URL takes the answer");
    return;
  }
  // Whoever takes it knows by the key that it has it already. A header is of ASCII alone.
  const headers = { "content-type": "application/json", "idempotency-key": encodeURI(id.toWellFormed()) };
  const taken = await fetch(REPLY_URL, { method: "POST", headers, body: JSON.stringify({ id, answer }), signal });
  if (!taken.ok) throw new Error(`REPLY_URL answered ${taken.status}`);
}
