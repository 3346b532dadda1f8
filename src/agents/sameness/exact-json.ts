/** A number that a double can't tell from its neighbours, by its digits: `12345678901234567891e0`. */
export class ExactNumber {
  constructor(readonly digits: string) {}
}

/** So many significant digits survive in a double, and its shortest text is theirs. */
const DIGITS_MAX = 15;
/** An exponent of more figures is nobody's. */
const EXPONENT_FIGURES_MAX = 15;
/** Where the text has none of these, no number in it can have more digits, or an exponent. */
const SUSPECT = /[\d.]{16}|\d[eE]/;

/**
 * JSON as `JSON.parse` reads it, but that numbers which would become others' doubles keep all their digits.
 * @throws SyntaxError when it is no JSON.
 */
export function exactJson(text: string): unknown {
  if (!SUSPECT.test(text)) return JSON.parse(text);
  // The third argument, the text that a value was read from, is in Node 22 and not yet in TypeScript's library.
  const reviver = (_: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" ? exactNumber(value, context?.source ?? String(value)) : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

function exactNumber(value: number, source: string): number | ExactNumber {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? [];
  const all = whole + fraction;
  let from = 0;
  let to = all.length;
  while (from < to && all[from] === "0") from++;
  while (to > from && all[to - 1] === "0") to--;
  if (from === to) return 0;
  const isDouble = Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value));
  if (to - from <= DIGITS_MAX && isDouble && value !== 0) return value;
  if (exponent.length > EXPONENT_FIGURES_MAX) return new ExactNumber(source);
  const power = Number(exponent) - fraction.length + (all.length - to);
  return new ExactNumber(`${sign}${all.slice(from, to)}e${power}`);
}
