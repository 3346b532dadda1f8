import { QueueError } from "../../pipeline/ports/queue.js";
import type { CredentialSource } from "../wire/credentials.js";
import type { WireCall } from "../wire/json-wire.js";
import type { TransportChoice } from "../wire/transport-choice.js";
import { type GivenPlace, placeOf, type QueuePlace } from "./queue-place.js";
import { SqsWire } from "./sqs-wire.js";

export interface SqsPoolsOptions extends GivenPlace {
  readonly queueUrl: string;
  readonly credentials: CredentialSource;
  /** Unset: our own wire. */
  readonly transport?: TransportChoice | undefined;
}

/**
 * The calls of one queue, by a pool of sockets for each purpose and host: an open poll must never stand between a delete
 * and its socket. Calls reject with a QueueError.
 */
export class SqsPools {
  readonly #options: SqsPoolsOptions;
  readonly #places = new Map<string, Promise<QueuePlace>>();
  readonly #wires = new Map<string, SqsWire>();

  /** Makes no call, and connects on first use. */
  constructor(options: SqsPoolsOptions) {
    this.#options = options;
  }

  /** @param url of another queue, whose host is called. */
  async call(
    purpose: "receive" | "settle",
    call: WireCall,
    url = this.#options.queueUrl,
  ): Promise<Record<string, unknown>> {
    const { endpoint } = await this.#place(url);
    const name = `${purpose} ${endpoint.href}`;
    let wire = this.#wires.get(name);
    if (!wire) {
      const { credentials, transport } = this.#options;
      const { region = "us-east-1" } = await this.#place(this.#options.queueUrl);
      wire = this.#wires.get(name) ?? new SqsWire({ endpoint, region, credentials }, transport);
      this.#wires.set(name, wire);
    }
    return wire.call(call);
  }

  /** Closes the sockets, open calls included. Harmless twice. */
  close(): void {
    for (const wire of this.#wires.values()) wire.close();
  }

  /** Found with the first call; what fails is looked for again by the next. */
  #place(url: string): Promise<QueuePlace> {
    let place = this.#places.get(url);
    if (!place) {
      place = placeOf(url, this.#options).catch((error) => {
        this.#places.delete(url);
        throw new QueueError("unreachable", `no way to SQS: ${(error as Error).message}`, { cause: error });
      });
      this.#places.set(url, place);
    }
    return place;
  }
}
