import { masked } from "../text/masked.js";
import { printableJson, printableLines } from "../text/printable.js";

/**
 * The door through which commands write: what a server, a message or a file brought along reaches a terminal as text,
 * never as a command, and what it obeys is written as its code. A line end is the caller's: whoever puts a text into a
 * line of a table makes it printable first.
 */

/** Text on stdout, as it is: bodies are data. URLs and settings are masked by who puts them into it. */
export function print(text: string): void {
  process.stdout.write(`${printableLines(text)}${text.endsWith("\n") ? "" : "\n"}`);
}

/** One object on stdout, on a line of its own. */
export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(value))}\n`);
}

/** What went otherwise than wished, on stderr, without the secrets that errors quote. */
export function complain(text: string): void {
  process.stderr.write(`${printableLines(masked(text))}\n`);
}
