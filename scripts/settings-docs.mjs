// Writes what is told about the settings from the one table that defines them: all of `.env.example`, and the table in
// `docs/configuration.md` between its two markers. Run it after `npm run jest`, which compiles; a test fails while they differ.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const BEGIN = "<!-- settings: written by scripts/settings-docs.mjs from src/config/settings.ts -->";
const END = "<!-- end of settings -->";

/** The page with its table of settings made anew. */
export function configurationPage(page, { SETTINGS, boundsOf, fallbackOf }) {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`docs/configuration.md needs the lines ${BEGIN} and ${END}`);
  const rows = SETTINGS.map((setting) => {
    const cells = [
      `\`${setting.name}\``,
      defaultInWords(setting, fallbackOf),
      setting.shape.unit ? `${boundsOf(setting.shape)} ${setting.shape.unit}` : boundsOf(setting.shape),
      setting.meaning,
    ];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  const table = ["| name | default | bounds | meaning |", "|---|---|---|---|", ...rows].join("\n");
  return `${page.slice(0, begin)}${BEGIN}\n${table}\n${page.slice(end)}`;
}

const WHERE = { run: "`run`", dev: "`dev`", library: "programs" };

function defaultInWords(setting, fallbackOf) {
  const [run, dev] = ["run", "dev"].map((command) => fallbackOf(setting, command));
  if (run !== dev) return `\`${run}\` in \`run\`, \`${dev}\` in \`dev\``;
  if (run !== undefined) return `\`${run}\``;
  return setting.required ? `required in ${setting.required.map((command) => WHERE[command]).join(" and ")}` : "unset";
}

/** The text of `.env.example`. */
export function envExample({ SETTINGS, boundsOf, fallbackOf }) {
  const head = [
    "# Copy to .env: `queuehand dev` reads it, and `queuehand run` with NODE_ENV=development. Real variables win.",
    "# Written by scripts/settings-docs.mjs from src/config/settings.ts; the defaults shown are those of `run`.",
  ];
  const entries = SETTINGS.map((setting) => {
    const value = fallbackOf(setting, "run");
    const need = setting.required?.includes("run") ? " Required." : "";
    return [
      `# ${setting.meaning}${need}`,
      `# ${boundsOf(setting.shape)}${setting.shape.unit ? ` ${setting.shape.unit}` : ""}`,
      `#${setting.name}=${value ?? ""}`,
    ].join("\n");
  });
  return `${head.join("\n")}\n\n${entries.join("\n\n")}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const table = await import("../build/src/config/settings.js");
  const page = new URL("../docs/configuration.md", import.meta.url);
  await writeFile(page, configurationPage(await readFile(page, "utf8"), table));
  await writeFile(new URL("../.env.example", import.meta.url), envExample(table));
}
