/** Where a message's body is when it isn't in the message. */
export interface PayloadPointer {
  readonly bucket: string;
  readonly key: string;
}

/** What became of the reading of a payload. */
export type PayloadRead =
  | { readonly kind: "read"; readonly body: string }
  | { readonly kind: "missing" }
  /** `bytes` = what is known of its size; reading was given up there. */
  | { readonly kind: "tooLarge"; readonly bytes: number }
  | { readonly kind: "notText" }
  /** Whatever isn't the message's fault: no permission, no answer, no such bucket. */
  | { readonly kind: "unavailable"; readonly detail: string };

/** The port to the store of large payloads. Every call ends soon after its signal aborts. */
export interface PayloadStore {
  /** Reads a payload of at most `bytesMax` bytes of UTF-8; no more than that is ever held. Never rejects. */
  read(pointer: PayloadPointer, bytesMax: number, signal: AbortSignal): Promise<PayloadRead>;
  /** Removes a payload; one that is gone already is no error. */
  remove(pointer: PayloadPointer, signal: AbortSignal): Promise<void>;
  close(): void;
}
