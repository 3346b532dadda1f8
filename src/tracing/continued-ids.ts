import { type IdGenerator, RandomIdGenerator } from "@opentelemetry/sdk-trace";

/**
 * Ids of spans and traces. A trace whose recording its sender left open is begun here, but with its own id: a parent,
 * which the API would take the id from, is one whose decision counts.
 */
export class ContinuedIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  /** The id of the trace that is begun next; undefined: any. */
  next: string | undefined;

  generateTraceId = (): string => {
    const id = this.next ?? this.#random.generateTraceId();
    this.next = undefined;
    return id;
  };

  generateSpanId = (): string => this.#random.generateSpanId();
}
