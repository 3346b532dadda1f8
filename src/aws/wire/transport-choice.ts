import type { TransportSetting } from "./transport.js";

/**
 * By what the calls on a service are made: our own wire, or the SDK's client. One choice is shared by all who call the
 * service, so that they go over together, and that it is told once.
 */
export class TransportChoice {
  readonly #onChange: ((refused: unknown) => void) | undefined;
  #way: TransportSetting;

  /** @param onChange told once, with what was said to our own wire, when `auto` goes over to the SDK's client. */
  constructor(setting: TransportSetting, onChange?: (refused: unknown) => void) {
    this.#way = setting;
    this.#onChange = onChange;
  }

  /** What a new thread is to begin with. */
  get setting(): TransportSetting {
    return this.#way;
  }

  get isSdk(): boolean {
    return this.#way === "sdk";
  }

  get mayChange(): boolean {
    return this.#way === "auto";
  }

  /** Goes over to the SDK's client, where that is allowed and hasn't happened. */
  change(refused: unknown): void {
    if (!this.mayChange) return;
    this.#way = "sdk";
    this.#onChange?.(refused);
  }
}
