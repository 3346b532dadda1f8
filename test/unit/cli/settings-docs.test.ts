import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import * as settings from "../../../src/config/settings.js";

interface Writer {
  configurationPage(page: string, table: typeof settings): string;
  envExample(table: typeof settings): string;
}

const root = process.cwd();
const writer = (await import(join(root, "scripts/settings-docs.mjs"))) as Writer;
const HINT = "run: npx tsc -p tsconfig.json && node scripts/settings-docs.mjs";

test(`docs/configuration.md has the table of settings as it is (else ${HINT})`, async () => {
  const page = await readFile(join(root, "docs/configuration.md"), "utf8");
  expect(writer.configurationPage(page, settings)).toBe(page);
  for (const { name } of settings.SETTINGS) expect(page).toContain(`| \`${name}\` |`);
});

test(`.env.example has every setting with its default (else ${HINT})`, async () => {
  const example = await readFile(join(root, ".env.example"), "utf8");
  expect(example).toBe(writer.envExample(settings));
  for (const { name } of settings.SETTINGS) expect(example).toContain(`\n#${name}=`);
});
