import type { Letter } from "../aws/sqs/letter.js";

/** Which letters are meant. */
export interface Selection {
  /** True when nothing was said: all. */
  readonly everything: boolean;
  matches(letter: Letter): boolean;
}
