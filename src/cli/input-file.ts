import { readFile } from "node:fs/promises";
import { type Prices, PricesError, parsePrices } from "../scaling/prices.js";
import type { Typed } from "./command-line.js";
import { CommandError } from "./failure.js";

/** The text of a file that an option names. @throws CommandError naming the option, the file and why it can't be read. */
export async function readText(path: string, option: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new CommandError(`--${option}: ${(error as Error).message}`);
  }
}

/** The prices of `--prices`, else the table inside. @throws CommandError naming each price that is wrong. */
export async function pricesOf(typed: Typed, inside: Prices): Promise<Prices> {
  const path = typed.text("prices");
  if (path === undefined) return inside;
  try {
    return parsePrices(await readText(path, "prices"), path);
  } catch (error) {
    if (error instanceof PricesError) throw new CommandError(error.message);
    throw error;
  }
}
