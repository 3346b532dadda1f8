import { ChosenTransport } from "../wire/chosen-transport.js";
import { JsonWire, type WireCall, type WireTarget } from "../wire/json-wire.js";
import type { WireService } from "../wire/request-signer.js";
import type { Transport } from "../wire/transport.js";
import { TransportChoice } from "../wire/transport-choice.js";
import { queueError } from "./sqs-error.js";

/** Its older servers name errors by a header, if asked to. */
export const SQS: WireService = { name: "sqs", target: "AmazonSQS", queryMode: true };

/** SQS takes a few milliseconds to connect to. */
const CONNECT_TIMEOUT_MS = 2_000;

/** The wire to SQS, or the SDK's client in its place: one pool of sockets. Calls reject with a QueueError. */
export class SqsWire {
  readonly #transport: Transport;

  constructor(target: WireTarget, choice = new TransportChoice("wire")) {
    this.#transport = new ChosenTransport({
      choice,
      wire: new JsonWire({ service: SQS, connectTimeoutMs: CONNECT_TIMEOUT_MS, ...target }),
      sdk: async () => (await import("./sqs-sdk.js")).sqsSdk(target),
    });
  }

  /** The answer's JSON, an object. */
  call(call: WireCall): Promise<Record<string, unknown>> {
    return this.#transport.call(call).catch((error) => {
      throw queueError(error, call.operation, call.signal);
    });
  }

  /** Closes all sockets, open calls included. */
  close(): void {
    this.#transport.close();
  }
}
