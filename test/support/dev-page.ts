import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll } from "@jest/globals";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launchBrowser } from "./browser.js";
import { command, killCommands, RunningCommand } from "./command.js";

export interface DevPage {
  /** Without a slash at its end. */
  readonly url: string;
  readonly browser: Browser;
  /** Sends each to the dev: text as it is, anything else as JSON. */
  send(...bodies: readonly unknown[]): Promise<void>;
  /**
   * A page of its own, in which every fault of a script, every refusal of the policy and every request that goes elsewhere is
   * written down; closed after the test.
   * @param before is done to it before it is loaded.
   */
  open(
    options?: BrowserContextOptions,
    before?: (page: Page) => Promise<void>,
  ): Promise<{ page: Page; faults: string[] }>;
}

/** A running `dev` and a browser for its page, for all tests of the block in which this is called. */
export function devPage(agent: string, env: Readonly<Record<string, string>>): DevPage {
  let folder: string;
  let browser: Browser;
  let url: string;
  const pages: Page[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "queuehand-page-"));
    await writeFile(join(folder, "agent.mjs"), agent);
    const dev = new RunningCommand(["dev", "--port", "0"], {
      cwd: folder,
      env: { HTTP_PORT: "0", HANDLER: "./agent.mjs", ...env },
    });
    const [, port] = await dev.says(/served host=\S+ port=(\d+)/);
    url = `http://127.0.0.1:${port}`;
    browser = await launchBrowser();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await killCommands();
    await rm(folder, { recursive: true });
  });

  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
  });

  return {
    get url() {
      return url;
    },
    get browser() {
      return browser;
    },
    async send(...bodies) {
      for (const body of bodies) {
        const text = typeof body === "string" ? body : JSON.stringify(body);
        const { code, stderr } = await command(["send", text], { cwd: folder });
        if (code !== 0) throw new Error(stderr);
      }
    },
    async open(options = {}, before = async () => {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
      const page = await context.newPage();
      pages.push(page);
      const faults: string[] = [];
      page.on("pageerror", ({ message }) => faults.push(message));
      page.on("console", (line) => {
        if (line.type() === "error") faults.push(line.text());
      });
      page.on("request", (request) => {
        if (!request.url().startsWith(url) && !request.url().startsWith("data:")) faults.push(request.url());
      });
      await before(page);
      await page.goto(url);
      return { page, faults };
    },
  };
}
