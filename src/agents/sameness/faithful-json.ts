/** Numbers that JavaScript would write in another way than they stand there: `1.0`, `1e3`, 12345678901234567890. */
const SUSPECT = /\d[.eE]|\d{16}|-0/;

/** What the language has and TypeScript's library hasn't yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

/**
 * JSON as `JSON.parse` reads it, but that such numbers are written by `JSON.stringify` as they stood there: to other
 * languages `1.0` is no `1`, and an id of twenty figures is not its neighbour.
 * @throws SyntaxError when it is no JSON.
 */
export function faithfulJson(text: string): unknown {
  if (!SUSPECT.test(text)) return JSON.parse(text);
  const reviver = (_: string, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    return typeof value === "number" && source !== undefined && String(value) !== source ? rawJSON(source) : value;
  };
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}
