import { existsSync } from "node:fs";
import { describe } from "@jest/globals";
import type { Browser } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** A `describe` block whose tests need Chromium: skipped with the reason in its name where there is none. */
export function browserSuite(name: string, body: () => void): void {
  if (existsSync(CHROMIUM)) describe(name, body);
  else describe.skip(`${name} (skipped: no Chromium at ${CHROMIUM}; CHROMIUM names another)`, body);
}

/** Chromium without a window; to be closed by whoever asked for it. */
export async function launchBrowser(): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  return chromium.launch({ executablePath: CHROMIUM });
}
