/** Longest text of an agent's that goes into one field of a log line, or into a reason, in characters. */
const TEXT_MAX = 2_000;

const COLOURS = /\p{Cc}\[[\d;]*m/gu;
/** Control characters, line ends of all kinds, and what turns the direction of writing; a tab may stay. */
const UNPRINTABLE = /(?!\t)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * Text of an agent's, fit to be shown in a log or on a terminal: one line, no escape sequence, cut to `max` characters.
 * Colours are taken off; any other control character is written as its code (`\u001b`).
 */
export function printable(text: string, max = TEXT_MAX): string {
  const shown = text
    .slice(0, max)
    .replace(COLOURS, "")
    .replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
  // Codes are longer than what they stand for.
  if (shown.length > max) return `${shown.slice(0, max)}…`;
  return text.length > max ? `${shown}… (${text.length - max} more)` : shown;
}
