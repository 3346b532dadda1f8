// What may come: a conversation, from a producer or as the body of a webhook, or S3's word that documents were put into a
// bucket (straight from it, through a topic or through EventBridge: docs/events.md).
import { Reject, s3Objects, snsBody } from "queuehand";
import { DOCUMENT_BYTES_MAX } from "./documents.mjs";
import { ANSWER_TOKENS, tokensOf } from "./model.mjs";

/**
 * A decoder: `{ id, prompt }` or `{ id, documents }`. The id is the event's own, however often it comes, so that
 * IDEMPOTENCY_KEY=body:/id knows it again.
 */
export function taskIn(raw, { attributes }) {
  const body = snsBody(raw);
  if (typeof body?.prompt === "string" && body.prompt !== "") {
    // Senders that sign by Standard Webhooks name the event in a header, which the webhook of sources.yaml hands on.
    const id = body.id ?? attributes["webhook-id"];
    if (typeof id === "string" && id !== "") return { id, prompt: body.prompt };
  }
  const documents = documentsIn(raw);
  return { id: documents.map(({ id }) => id).join(" "), documents };
}

/** What is taken of the budget of tokens before the run: the first turn's, by its length. */
export function tokensAtFirst({ raw, attributes }) {
  let task;
  try {
    task = taskIn(raw, { attributes });
  } catch {
    return 0; // The run says why, without a call.
  }
  if (!task.documents) return tokensOf(task.prompt.length) + ANSWER_TOKENS;
  const sizes = task.documents.map(({ size = 0 }) => size).filter((size) => size <= DOCUMENT_BYTES_MAX);
  return sizes.reduce((sum, size) => sum + tokensOf(size) + ANSWER_TOKENS, 0);
}

function documentsIn(raw) {
  try {
    return s3Objects(raw).map((object) => ({ ...object, id: idOf(object) }));
  } catch (error) {
    if (error.name === "Skip") throw error; // S3 tests whether its notifications arrive.
    throw new Reject(`the body is no conversation ({"id", "prompt"}), and ${error.message}`);
  }
}

/** One for each time that something was put there, whatever way the event came. */
const idOf = ({ bucket, key, versionId, sequencer, etag }) =>
  `s3://${bucket}/${key}#${versionId ?? sequencer ?? etag ?? ""}`;
