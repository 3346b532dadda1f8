import type { MessageAttribute } from "../../pipeline/ports/queue.js";

/** As much of a message as a producer has a say in. */
export interface Sent {
  readonly body: string;
  readonly attributes: ReadonlyMap<string, MessageAttribute>;
}

/** What was inside. */
export interface Inside {
  /** Bytes where it is no text. */
  readonly body: string | Uint8Array;
  /** In place of those that were sent; unset: as they were. */
  readonly attributes?: ReadonlyMap<string, MessageAttribute>;
  /** What makes two of them the same, as canonical JSON; the body where unset. Costs something; may throw. */
  readonly said?: () => string;
  /** Epoch milliseconds before which its producer doesn't want it to run. */
  readonly notBefore?: number | undefined;
}

/**
 * Takes one kind of wrapping off. Undefined where there is none of it.
 * @param surely only where it can't be anything else, and without an error where it can't be read.
 * @throws UnknownShape where it is of this kind, and can't be read or mustn't be.
 */
export type Decoder = (sent: Sent, surely: boolean) => Inside | undefined;
