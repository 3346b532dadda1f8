import { pathToFileURL } from "node:url";
import { expect, test } from "@jest/globals";
import type { BrowserContextOptions, Page } from "playwright-core";
import type { Opening } from "../../src/console/api.js";
import { browserSuite, seriousFaults } from "../support/browser.js";
import { devPage } from "../support/dev-page.js";
import { eventually } from "../support/eventually.js";

const HOSTILE = `</h3><img src=x onerror="document.title='owned'">`;
/** Its provider is busy for as long as a message says. */
const AGENT = `
  import { Busy } from ${JSON.stringify(pathToFileURL("dist/agent.js").href)};
  const refused = new Set();
  export default {
    uses: { crm: 1, "crm.tokens": ({ body }) => body?.tokens ?? 0 },
    async handle({ id, body }) {
      if (!body?.busy || refused.has(id)) return;
      refused.add(id);
      throw new Busy(body.busy, body.seconds);
    },
  };`;

browserSuite("the budgets on the page of a running dev", () => {
  const dev = devPage(AGENT, { BUDGETS: "crm=20/s*4, crm.tokens=6000/min" });
  const { send } = dev;

  async function open(options?: BrowserContextOptions, before?: (page: Page) => Promise<void>) {
    const opened = await dev.open(options, before);
    await opened.page.locator("#budgets .budget").first().waitFor();
    return opened;
  }

  async function metrics(): Promise<(name: string, budget: string) => number> {
    const text = await (await fetch(`${dev.url}/metrics`)).text();
    return (name, budget) => {
      const line = text.split("\n").find((one) => one.startsWith(`${name}{`) && one.includes(`budget="${budget}"`));
      return Number(line?.split(" ").at(-1));
    };
  }

  const card = (page: Page, name: string) => page.locator(`#budgets .budget[aria-label="Budget ${name}"]`);
  const figure = async (page: Page, name: string, title: string) =>
    card(page, name).locator(`dl div:has(dt:text-is("${title}")) dd`).textContent();

  test("shows a budget that was learned, and says so", async () => {
    const { page } = await open();
    await send({ busy: "search-api", seconds: 1 });
    await card(page, "search-api").waitFor();
    expect(await card(page, "search-api").locator("h3").textContent()).toBe("search-api learned: no limit was told");
  }, 60_000);

  test("has the numbers of /metrics: what was taken, used, free, paused, and how often", async () => {
    const { page, faults } = await open();
    await send({ tokens: 30 }, { tokens: 40 }, { n: 3 });
    await eventually(
      async () => figure(page, "crm.tokens", "taken"),
      (taken) => taken === "70",
      30_000,
    );
    // For longer than the tests take: the next one looks at what waits for it.
    await send({ busy: "crm", seconds: 600 });
    const read = async () => {
      const metric = await metrics();
      const paused = await figure(page, "crm", "paused");
      const shown = {
        tokens: Number(await figure(page, "crm.tokens", "taken")),
        taken: Number(await figure(page, "crm", "taken")),
        pauses: Number(await figure(page, "crm", "pauses")),
        paused: 60 * Number(/^(\d+) min/.exec(paused ?? "")?.[1]) + Number(/(\d+) s more$/.exec(paused ?? "")?.[1]),
        used: /^(\d+) % used · (\d+) % free$/.exec((await card(page, "crm").locator(".figure").textContent())!),
      };
      const of = (name: string, budget = "crm") => metric(`queuehand_budget_${name}`, budget);
      return { shown, of };
    };
    const isNear = (one: number, other: number, by: number) => Math.abs(one - other) <= by;
    await eventually(
      read,
      ({ shown, of }) =>
        shown.tokens === 70 &&
        of("taken_total", "crm.tokens") === 70 &&
        shown.taken === of("taken_total") &&
        shown.pauses === 1 &&
        of("pauses_total") === 1 &&
        isNear(shown.paused, of("paused_seconds"), 2.5) &&
        isNear(Number(shown.used?.[1]), 100 * of("used_ratio"), 2) &&
        isNear(Number(shown.used?.[2]), 100 * of("free_ratio"), 2),
    );
    expect(await card(page, "crm").locator("h3").textContent()).toBe("crm 20/s*4");
    expect(await card(page, "crm.tokens").locator("h3").textContent()).toBe("crm.tokens 6,000/min");
    // Until it knows that it is alone the task takes a part of them.
    expect(await figure(page, "crm", "running")).toMatch(/^0 of [1-4]$/);
    expect(faults).toEqual([]);
  }, 90_000);

  test("says in words what messages wait for, lists these, and tells the pause among the events", async () => {
    const { page, faults } = await open();
    // While its budget pauses none is fetched but by a poll that is open already.
    await send({ n: 5 }, { n: 6 });
    const summary = page.locator('[data-is="budgets-summary"]');
    const said =
      /^crm is the limit: \d messages? waits? for it, .+ s; [12] more in the queue\. The provider of crm takes no/;
    await eventually(
      async () => summary.textContent(),
      (text) => said.test(text ?? ""),
      30_000,
    );
    expect(await figure(page, "crm", "waiting")).toMatch(/^[12]$/);
    await page.locator("#messages").scrollIntoViewIfNeeded();
    await page.locator("#filter [name=outcome]").selectOption("waiting");
    const state = page.locator("#message-list .outcome").first();
    await state.waitFor();
    expect(await state.textContent()).toContain("waits for crm");
    await page.locator("#message-list button.id").first().click();
    expect(await page.getByRole("dialog").locator(".stages").textContent()).toContain("waits for crm");
    await page.keyboard.press("Escape");
    expect(await page.locator("#events").textContent()).toContain("crm is busy: its budget pauses for 600 s");
    expect(faults).toEqual([]);
  }, 60_000);

  test("shows a hostile name as text", async () => {
    const { page, faults } = await open({}, async (page) => {
      await page.route("**/api/events", (route) =>
        route.fulfill({ contentType: "text/event-stream", body: "retry: 60000\n\n" }),
      );
      await page.route("**/api/now", async (route) => {
        const opening = (await (await route.fetch()).json()) as Opening;
        const list = opening.budgets!.list.map((budget) => ({ ...budget, name: HOSTILE, queueName: HOSTILE }));
        await route.fulfill({ json: { ...opening, budgets: { ...opening.budgets, summary: HOSTILE, list } } });
      });
    });
    expect(await page.locator("#budgets .name").first().textContent()).toBe(HOSTILE);
    expect(await page.locator('[data-is="budgets-summary"]').textContent()).toBe(HOSTILE);
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).not.toContain("owned");
    expect(faults).toEqual([]);
  }, 60_000);

  test.each([
    ["light", 1280],
    ["dark", 320],
  ] as const)(
    "has no serious fault of accessibility, and nothing cut, %s at %d px",
    async (colorScheme, width) => {
      const { page, faults } = await open({ viewport: { width, height: 800 }, colorScheme });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      expect(await page.locator('nav a[href="#budgets"]').isVisible()).toBe(true);
      expect(await seriousFaults(page)).toEqual([]);
      expect(faults).toEqual([]);
    },
    60_000,
  );
});
