import type { Letter } from "../aws/sqs/letter.js";

/** Which letters are meant. */
export interface Selection {
  /** True when nothing was said: all. */
  readonly everything: boolean;
  /** Whether it depends on what is in the bodies; unset: it doesn't. */
  readonly looksInside?: boolean;
  matches(letter: Letter): boolean;
}
