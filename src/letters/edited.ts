import { BYTES_MAX } from "../aws/sqs/dead-letter-copy.js";
import type { Letter } from "../aws/sqs/letter.js";

/** The body that goes back, or why the letter stays where it is. */
export type Edited = { readonly body: string } | { readonly leave: string };

/**
 * Mends a body on its way back; leaves the letter where it is when `stop` aborts. Never rejects.
 * @param bytesMax how long a body may be; as SQS takes them if unset.
 */
export type Editor = (letter: Letter, stop: AbortSignal, bytesMax?: number) => Promise<Edited>;

/** SQS takes the characters of XML 1.0 alone. */
const UNSENDABLE = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/**
 * The same, but that what SQS would refuse stays as well. Of a body that is as it was, SQS has taken the like.
 * @param bytesMax more than SQS takes where a body may be in S3.
 */
export function checked(edited: Edited, before: string, bytesMax = BYTES_MAX): Edited {
  if ("leave" in edited || edited.body === before) return edited;
  const { body } = edited;
  if (body === "") return { leave: "the editor made the body empty, and SQS takes none such" };
  const bytes = Buffer.byteLength(body);
  if (bytes > bytesMax) {
    const bound = bytesMax === BYTES_MAX ? `SQS takes ${BYTES_MAX}` : `PAYLOAD_MAX_MB allows ${bytesMax}`;
    return { leave: `the editor made a body of ${bytes} bytes, and ${bound} at most` };
  }
  const [odd] = UNSENDABLE.exec(body) ?? [];
  if (odd === undefined) return edited;
  const code = odd.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  return { leave: `the editor made a body with the character U+${code}, which SQS doesn't take` };
}
