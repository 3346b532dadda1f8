// Documents in S3: text of a bounded size is read, and the answer about it written beside it.
import { createHash } from "node:crypto";
import { Reject } from "queuehand";
import { WRITTEN_BY_US } from "./buckets.mjs";

const { DOCUMENT_PROMPT = "Summarize this document in five sentences.", ANSWER_PREFIX = "answers/" } = process.env;
export const DOCUMENT_BYTES_MAX = 1024 * Number(process.env.DOCUMENT_MAX_KB || 256);
/** Of which event an answer is. */
const ANSWER_TO = "answer-to";

if (!ANSWER_PREFIX) throw new RangeError("ANSWER_PREFIX must not be empty: an answer would take its document's place");

/** Something put there, and no answer: those have a prefix of their own, so that they never come back as questions. */
export const isDocument = ({ event, key }) => event.startsWith("ObjectCreated:") && !key.startsWith(ANSWER_PREFIX);

/**
 * @returns how the conversation about it begins; undefined where there is nothing to do: it was replaced, whose event comes
 * too, it was answered already, or this agent wrote it.
 */
export async function opened(document, buckets) {
  const { bucket, key, size = 0, etag } = document;
  if (size > DOCUMENT_BYTES_MAX) throw tooLarge(document, size);
  const answer = await buckets.head(bucket, answerKey(key));
  if (answer?.Metadata?.[ANSWER_TO] === markOf(document)) return undefined;
  const object = await buckets.get(bucket, key, etag);
  if (!object || object.Metadata?.[WRITTEN_BY_US]) {
    object?.Body.destroy();
    return undefined;
  }
  const text = await textOf(object, document);
  return [
    { role: "system", content: DOCUMENT_PROMPT },
    { role: "user", content: text },
  ];
}

/** Writes the answer; not over that of a newer document. */
export async function answerBeside(document, answer, buckets) {
  const { bucket, key, etag } = document;
  const now = await buckets.head(bucket, key);
  if (!now || (etag && now.ETag !== `"${etag}"`)) return;
  const metadata = { [ANSWER_TO]: markOf(document) };
  await buckets.write(bucket, answerKey(key), answer, "text/markdown; charset=utf-8", metadata);
}

const answerKey = (key) => `${ANSWER_PREFIX}${key}.md`;
/** Keys may be of any letters, values of metadata may not. */
const markOf = ({ id }) => createHash("sha256").update(id).digest("hex");

const tooLarge = ({ id }, bytes) =>
  new Reject(`${id} has ${bytes} bytes, more than the ${DOCUMENT_BYTES_MAX} of DOCUMENT_MAX_KB`);

async function textOf({ Body, ContentLength = 0 }, document) {
  const chunks = [];
  let bytes = 0;
  try {
    if (ContentLength > DOCUMENT_BYTES_MAX) throw tooLarge(document, ContentLength);
    for await (const chunk of Body) {
      bytes += chunk.length;
      if (bytes > DOCUMENT_BYTES_MAX) throw tooLarge(document, bytes);
      chunks.push(chunk);
    }
  } finally {
    Body.destroy(); // What isn't read to its end must not hold its socket.
  }
  const text = utf8(Buffer.concat(chunks));
  if (text === undefined || text.includes("\0")) throw new Reject(`${document.id} is no text (UTF-8)`);
  if (text.trim() === "") throw new Reject(`${document.id} is empty`);
  return text;
}

function utf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
