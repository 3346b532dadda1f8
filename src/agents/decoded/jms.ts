import { UnknownShape } from "../events/envelope.js";
import { bodyOfBytes, bytesOfBase64 } from "./base64.js";
import type { Decoder } from "./decoder.js";

const KIND = "JMS_SQSMessageType";

/**
 * A BytesMessage of Amazon's JMS library, whose body is base64. A TextMessage is as it is; an ObjectMessage is Java's own
 * serialisation, which nothing but Java reads: it stays as it was sent.
 */
export const jms: Decoder = ({ body, attributes }, surely) => {
  if (attributes.get(KIND)?.string !== "byte") return undefined;
  // An empty one is sent as no text at all, which SQS takes from nobody.
  const bytes = bytesOfBase64(body);
  if (bytes) return { body: bodyOfBytes(bytes) };
  if (surely) return undefined;
  throw new UnknownShape(`a message with ${KIND} = byte is base64`);
};
