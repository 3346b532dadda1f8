import { BothFailed, refusalIn } from "./both-failed.js";
import type { WireCall } from "./json-wire.js";
import type { Transport } from "./transport.js";
import type { TransportChoice } from "./transport-choice.js";
import { isTransportFault } from "./transport-fault.js";

export interface ChosenTransportOptions {
  readonly choice: TransportChoice;
  readonly wire: Transport;
  /** Loads the SDK's client: asked for only when it is needed. */
  readonly sdk: () => Promise<Transport>;
  /** Whether a refusal is how the service answers a call that went well. */
  readonly isAnswer?: (refusalName: string) => boolean;
}

/**
 * Calls by our own wire or by the SDK's client, as the choice says. Where that may change, a call whose answer blames the
 * wire is made again by the SDK's client: nothing was done by then. If that answers, all calls go by it; if not, both
 * answers are told.
 */
export class ChosenTransport implements Transport {
  readonly #options: ChosenTransportOptions;
  #sdk: Promise<Transport> | undefined;
  #closed = false;

  constructor(options: ChosenTransportOptions) {
    this.#options = options;
  }

  call(call: WireCall): Promise<Record<string, unknown>> {
    const { choice, wire } = this.#options;
    if (choice.isSdk) return this.#open().then((sdk) => sdk.call(call));
    const answer = wire.call(call);
    return choice.mayChange ? answer.catch((error) => this.#again(call, error)) : answer;
  }

  close(): void {
    this.#closed = true;
    this.#options.wire.close();
    void this.#sdk?.then(
      (sdk) => sdk.close(),
      () => {},
    );
  }

  async #again(call: WireCall, refused: unknown): Promise<Record<string, unknown>> {
    if (!isTransportFault(refused) || call.signal.aborted || this.#closed) throw refused;
    try {
      const answer = await (await this.#open()).call(call);
      this.#options.choice.change(refused);
      return answer;
    } catch (error) {
      if (this.#isAnswer(error)) this.#options.choice.change(refused);
      throw call.signal.aborted || this.#isAnswer(error) ? error : new BothFailed(error, refused);
    }
  }

  #isAnswer(error: unknown): boolean {
    const name = refusalIn(error)?.name;
    return name !== undefined && this.#options.isAnswer?.(name) === true;
  }

  /** What fails to load is loaded again by the next call. */
  #open(): Promise<Transport> {
    this.#sdk ??= this.#options.sdk().catch((error) => {
      this.#sdk = undefined;
      throw new Error(`the SDK's client could not be loaded: ${(error as Error).message}`, { cause: error });
    });
    return this.#sdk;
  }
}
