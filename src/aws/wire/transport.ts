import type { WireCall } from "./json-wire.js";

/** What SQS_TRANSPORT may say. */
export type TransportSetting = "auto" | "wire" | "sdk";

/**
 * Makes the calls on one service at one endpoint. Each ends by its answer, its signal or its timeout, and rejects with the
 * signal's reason, a socket's error, or a Refusal.
 */
export interface Transport {
  /** The answer's JSON, an object. */
  call(call: WireCall): Promise<Record<string, unknown>>;
  /** Closes all sockets, open calls included. Harmless twice. */
  close(): void;
}
