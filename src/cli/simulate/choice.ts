import { type Typed, UsageError } from "../command-line.js";

/** One of a few words. @throws UsageError for another one. */
export function choiceOf<T extends string>(typed: Typed, name: string, choices: readonly T[], fallback: T): T {
  const text = typed.text(name) ?? fallback;
  if ((choices as readonly string[]).includes(text)) return text as T;
  throw new UsageError(`--${name} must be ${choices.join(" or ")}, got "${text}"`);
}
