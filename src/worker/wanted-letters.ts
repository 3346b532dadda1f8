import type { Letter } from "../aws/sqs/letter.js";
import type { LetterChoice } from "../console/api-letters.js";
import { WAYS } from "../letters/ways.js";
import { alike } from "../text/alike.js";
import { masked } from "../text/masked.js";

/** The letters that were asked for, and which of them haven't been seen. */
export class Wanted {
  readonly #choice: LetterChoice;
  readonly missing: Set<string>;

  constructor(choice: LetterChoice) {
    this.#choice = choice;
    this.missing = new Set(choice.ids);
  }

  /** Whether all that were named have been seen. */
  get found(): boolean {
    return this.#choice.ids !== undefined && this.missing.size === 0;
  }

  has(letter: Letter): boolean {
    const { ids, group, all } = this.#choice;
    if (ids) return ids.includes(letter.message.id) && (this.missing.delete(letter.message.id) || true);
    if (!group) return all === true;
    const error = letter.reason === undefined ? undefined : masked(alike(letter.reason));
    return WAYS[letter.way] === group.reason && error === group.error;
  }

  among(letters: readonly Letter[]): Letter[] {
    return letters.filter((letter) => this.has(letter));
  }
}
