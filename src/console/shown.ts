import { maskedUrls } from "../text/masked.js";
import { printable } from "../text/printable.js";

/** Enough to recognise the fault; an agent's error may quote what it worked on. */
const TEXT_MAX = 300;

/** Text from outside as the console tells it, cut: what the page shows may be shown on a terminal as well, by curl. */
export function shown(text: string, max = TEXT_MAX): string {
  const short = text.length <= max ? text : `${text.slice(0, max)}…`;
  return printable(maskedUrls(short), Number.POSITIVE_INFINITY);
}

/** The same length of a text, as it is, in memory of its own: a slice would hold the whole text that it was cut from. */
export function ownCopy(text: string, max: number): string {
  return Buffer.from(text.length <= max ? text : `${text.slice(0, max)}…`).toString();
}
