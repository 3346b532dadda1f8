/** Longest text of an agent's that goes into one field of a log line, or into a reason, in characters. */
const TEXT_MAX = 2_000;

const COLOURS = /\p{Cc}\[[\d;]*m/gu;
/** Control characters, line ends of all kinds, and what turns the direction of writing; a tab may stay. */
const UNPRINTABLE = /(?!\t)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
/** Those of them that JSON may have raw in a string: the others are codes in it already. */
const UNPRINTABLE_IN_JSON = /[\u007f-\u009f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

const PLAIN = /^[\n\u0020-\u007e]*$/;

const codeOf = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/**
 * Text from outside, fit to be shown in a log or on a terminal: one line, no escape sequence, cut to `max` characters.
 * Colours are taken off; any other control character is written as its code (`\u001b`).
 */
export function printable(text: string, max = TEXT_MAX): string {
  const shown = text.slice(0, max).replace(COLOURS, "").replace(UNPRINTABLE, codeOf);
  // Codes are longer than what they stand for.
  if (shown.length > max) return `${shown.slice(0, max)}…`;
  return text.length > max ? `${shown}… (${text.length - max} more)` : shown;
}

/** Whole text on as many lines as it has, each printable. */
export function printableLines(text: string): string {
  return text
    .split("\n")
    .map((line) => printable(line, Number.POSITIVE_INFINITY))
    .join("\n");
}

/**
 * JSON text that a terminal may be shown: it says the same, but what JSON allows raw and a terminal obeys (DEL, the C1
 * controls, line separators, what turns the direction of writing) is written as JSON's own codes.
 */
export function printableJson(json: string): string {
  // Nearly every line is so, and a log has many.
  if (PLAIN.test(json)) return json;
  return json.replace(UNPRINTABLE_IN_JSON, codeOf);
}
