import {
  type DeadLetterLook,
  type LetterChoice,
  type LetterEdit,
  type LetterEnd,
  NO_LOOK,
} from "../console/api-letters.js";
import type { LetterDesk } from "../console/page-source.js";

/**
 * A desk that is loaded when somebody first comes to it: most workers never see anybody, and no start is to pay for it.
 * Where loading fails, the one who came is told, and the next one tries again.
 */
export class LaterLetterDesk implements LetterDesk {
  readonly #load: () => Promise<LetterDesk>;
  #desk: LetterDesk | undefined;
  #loading: Promise<LetterDesk> | undefined;

  constructor(load: () => Promise<LetterDesk>) {
    this.#load = load;
  }

  get last(): DeadLetterLook {
    return this.#desk?.last ?? { ...NO_LOOK, looking: this.#loading !== undefined };
  }

  async look(): Promise<DeadLetterLook> {
    return (await this.#loaded()).look();
  }

  async redrive(choice: LetterChoice): Promise<LetterEnd> {
    return (await this.#loaded()).redrive(choice);
  }

  async delete(choice: LetterChoice): Promise<LetterEnd> {
    return (await this.#loaded()).delete(choice);
  }

  async edit(edit: LetterEdit): Promise<LetterEnd> {
    return (await this.#loaded()).edit(edit);
  }

  async #loaded(): Promise<LetterDesk> {
    if (this.#desk) return this.#desk;
    this.#loading ??= this.#load();
    try {
      this.#desk = await this.#loading;
      return this.#desk;
    } finally {
      this.#loading = undefined;
    }
  }
}
