/**
 * Pictures of the console over a running `dev`, by Chromium (CHROMIUM, or /usr/bin/chromium), after `npm run build`:
 *
 *   node scripts/screenshots.mjs                    docs/images/console*.png, and console-budgets.png
 *   node scripts/screenshots.mjs --all FOLDER       each width, light and dark, the whole page and what opens over it
 *   node scripts/screenshots.mjs --seconds N        lets it run for so long before (60)
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values } = parseArgs({
  options: { all: { type: "string" }, seconds: { type: "string", default: "60" } },
});
const WIDTHS = values.all ? [320, 768, 1280] : [1280];
const SLICE = 1_500;
const SCHEMES = ["light", "dark"];
const CLI = resolve("dist/cli.js");
const AGENT = resolve("examples/task-agent.mjs");
const BUDGETS = "openai=600/min*8, openai.tokens=500000/min";
/** Takes of both budgets; its provider refuses a call now and then, and another that nobody has named. */
const CALLER = `
  import { setTimeout as sleep } from "node:timers/promises";
  import { Busy } from ${JSON.stringify(pathToFileURL(resolve("dist/agent.js")).href)};
  let calls = 0;
  export default {
    uses: { openai: 1, "openai.tokens": 800 },
    async handle(message, context) {
      const call = ++calls;
      await sleep(200 + Math.random() * 800);
      if (call % 150 === 140) throw new Busy("openai", 4);
      if (call === 60) throw new Busy("search-api", 2);
      context.took({ "openai.tokens": 500 + Math.round(Math.random() * 600) });
    },
  };`;

/** Starts `dev` and resolves with its address and what ends it. */
async function startDev(settings, rate) {
  const folder = mkdtempSync(join(tmpdir(), "queuehand-pictures-"));
  writeFileSync(join(folder, "caller.mjs"), CALLER);
  const child = spawn(process.execPath, [CLI, "dev", "--rate", rate, "--port", "0"], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, HTTP_PORT: "0", ...settings },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await new Promise((done) => child.once("exit", done));
    rmSync(folder, { recursive: true });
  };
  const port = await new Promise((found, failed) => {
    let text = "";
    child.once("exit", (code) => failed(new Error(`dev ended with ${code}:\n${text}`)));
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
      const match = /served host=\S+ port=(\d+)/.exec(text);
      if (match) found(match[1]);
    });
  });
  return { url: `http://127.0.0.1:${port}/`, stop };
}

/** A whole page in pictures that can be looked at. */
async function shootSlices(page, width, nameOf) {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  for (let slice = 0; slice * SLICE < height; slice++) {
    const clip = { x: 0, y: slice * SLICE, width, height: Math.min(SLICE, height - slice * SLICE) };
    await page.screenshot({ path: nameOf(slice), fullPage: true, clip });
  }
}

async function shoot(browser, url, folder) {
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      const context = await browser.newContext({ viewport: { width, height: 860 }, colorScheme });
      const page = await context.newPage();
      await page.goto(url);
      await page.locator('[data-is="state"][data-tone="good"]').waitFor();
      await page.getByRole("button", { name: "look", exact: true }).click();
      await page.locator("#letter-list tbody tr").first().waitFor({ timeout: 20_000 });
      await page.locator("#message-list").scrollIntoViewIfNeeded();
      await page.locator("#message-list tbody tr").first().waitFor();
      await page.locator("#message-list tbody tr").nth(8).waitFor();
      await page.evaluate(() => scrollTo(0, 0));
      await sleep(1_500);
      const name = (part) => join(folder, `console${part}${colorScheme === "dark" ? "-dark" : ""}.png`);
      if (!values.all) {
        await page.screenshot({ path: name("") });
        await context.close();
        continue;
      }
      await shootSlices(page, width, (slice) => name(`-${width}-${slice}`));
      await page.locator("#message-list button.id").nth(6).click();
      await page.locator("#opened[open]").waitFor();
      await page.screenshot({ path: name(`-${width}-message`) });
      await page.keyboard.press("Escape");
      await page.locator("#letter-list button.id").first().click();
      await page.screenshot({ path: name(`-${width}-letter`) });
      await context.close();
    }
  }
}

/** The section of budgets alone, at each width. */
async function shootBudgets(browser, url, folder) {
  for (const width of values.all ? WIDTHS : [1000]) {
    for (const colorScheme of values.all ? SCHEMES : ["light"]) {
      const context = await browser.newContext({ viewport: { width, height: 860 }, colorScheme });
      const page = await context.newPage();
      await page.goto(url);
      await page.locator("#budgets .budget").first().waitFor();
      await sleep(1_500);
      const name = values.all ? `-${width}${colorScheme === "dark" ? "-dark" : ""}` : "";
      await page.locator("#budgets").screenshot({ path: join(folder, `console-budgets${name}.png`) });
      await context.close();
    }
  }
}

const folder = values.all ?? "docs/images";
mkdirSync(folder, { recursive: true });
const devs = await Promise.all([
  startDev({ HANDLER: AGENT, LOG_BODIES: "true" }, "25"),
  startDev({ HANDLER: "./caller.mjs", BUDGETS, CONCURRENCY: "20" }, "8.5"),
]);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });
try {
  await sleep(Number(values.seconds) * 1_000);
  await shoot(browser, devs[0].url, folder);
  await shootBudgets(browser, devs[1].url, folder);
} finally {
  await browser.close();
  for (const dev of devs) await dev.stop();
}
