import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import type { BrowserContextOptions } from "playwright-core";
import type { Opening } from "../../src/console/api.js";
import type { Messages } from "../../src/console/api-messages.js";
import { browserSuite, seriousFaults } from "../support/browser.js";
import { RunningCommand } from "../support/command.js";
import { devPage } from "../support/dev-page.js";
import { eventually } from "../support/eventually.js";

const HOSTILE = `</td><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
/** Fails as often as its body says, so that a message may be a dead letter, or end after some tries. */
const AGENT = `
  const tries = new Map();
  export default async ({ id, body }, context) => {
    const times = (tries.get(id) ?? 0) + 1;
    tries.set(id, times);
    context.progress("try " + times + " of " + id.slice(0, 4));
    if (body?.wait) await new Promise((done) => setTimeout(done, body.wait));
    if (body?.fails) throw new TypeError("customer 7 is gone: " + body.fails);
  };`;

browserSuite("the page over a running dev", () => {
  const dev = devPage(AGENT, { LOG_BODIES: "true" });
  const { send } = dev;

  async function open(options: BrowserContextOptions = {}) {
    const opened = await dev.open(options);
    await opened.page.locator('[data-is="state"]:text("running")').waitFor();
    return opened;
  }

  const read = async <Answer>(path: string) => (await (await fetch(dev.url + path)).json()) as Answer;

  test("shows the numbers that /metrics has", async () => {
    const { page, faults } = await open();
    await send({ n: 1 }, { n: 2 }, { n: 3 });
    const done = page.locator("#outcomes dl div", { hasText: "done" }).locator("dd");
    const metric = async () => {
      const text = await (await fetch(`${dev.url}/metrics`)).text();
      return Number(/^queuehand_messages_settled_total\{outcome="done".*\} (\d+)$/m.exec(text)![1]);
    };
    const shown = await eventually(
      async () => [Number(await done.textContent()), await metric()] as const,
      ([onPage, counted]) => counted >= 3 && onPage === counted,
    );
    expect(shown[0]).toBe(shown[1]);
    expect(await page.title()).toBe("queuehand-dev · queuehand");
    expect(faults).toEqual([]);
  }, 60_000);

  test("plots move, can be read, paused, zoomed, and show a day", async () => {
    const { page, faults } = await open();
    const canvas = page.locator("#flow canvas");
    await canvas.waitFor();
    const reading = page.locator("#flow .reading");
    await reading.getByText("received").waitFor();
    const area = (await canvas.boundingBox())!;
    await page.locator("#flow").scrollIntoViewIfNeeded();
    const box = (await page.locator("#flow .u-over").boundingBox())!;
    expect(area.width).toBeGreaterThan(300);
    await page.mouse.move(box.x + box.width - 3, box.y + 20);
    await eventually(
      async () => reading.locator("time").textContent(),
      (text) => /^\d\d:\d\d:\d\d$/.test(text ?? ""),
    );
    await page.mouse.move(5, 5);
    await send({ n: 4 }, { n: 5 });
    await eventually(
      async () => (await read<{ series: { done: number[] } }>("/api/history")).series.done.some((value) => value > 0),
      (some) => some,
    );
    const drawn = () => canvas.evaluate((element) => (element as unknown as { toDataURL(): string }).toDataURL());
    const before = await drawn();
    await eventually(drawn, (now) => now !== before);
    const pause = page.getByRole("button", { name: "pause" });
    await pause.click();
    expect(await pause.getAttribute("aria-pressed")).toBe("true");
    const held = await drawn();
    const since = (await read<Opening>("/api/now")).now;
    await eventually(
      async () => (await read<Opening>("/api/now")).now - since,
      (ms) => ms > 2_500,
    );
    expect(await drawn()).toBe(held);
    await page.mouse.move(box.x + box.width * 0.6, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.9, box.y + 30, { steps: 5 });
    await page.mouse.up();
    await eventually(drawn, (now) => now !== held);
    await page.getByRole("button", { name: "day" }).click();
    expect(await page.getByRole("button", { name: "day" }).getAttribute("aria-pressed")).toBe("true");
    expect(faults).toEqual([]);
  }, 60_000);

  test("lists messages by a filter, groups errors, and opens one with its stages", async () => {
    await send({ fails: "always 1" }, { fails: "always 2" }, { n: 6, mark: "needle" });
    const { page, faults } = await open();
    await eventually(
      async () => (await read<Messages>("/api/messages?outcome=retry")).matching,
      (matching) => matching >= 6,
    );
    await page.locator("#errors").scrollIntoViewIfNeeded();
    const group = page.locator("#error-list tbody tr").first();
    await group.waitFor();
    expect(await group.textContent()).toContain("TypeError: customer N is gone: always N");
    await group.getByRole("button").click();
    const rows = page.locator("#message-list tbody tr");
    await eventually(
      async () => (await rows.locator(".outcome").allTextContents()).filter((text) => text !== "failed").length,
      (others) => others === 0,
    );
    expect(await rows.count()).toBeGreaterThanOrEqual(6);
    await page.getByRole("button", { name: "clear" }).click();
    await page.getByLabel("text").fill("needle");
    await eventually(
      async () => rows.count(),
      (count) => count === 1,
    );
    await rows.first().getByRole("button").click();
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    const stages = await dialog.locator(".stages tbody tr td:first-child").allTextContents();
    expect(stages.filter((stage) => stage !== "buffered")).toEqual(["sent", "received", "started", "ended", "settled"]);
    expect(await dialog.textContent()).toContain('{"n":6,"mark":"needle"}');
    expect(await dialog.textContent()).toContain("try 1 of");
    await page.keyboard.press("Escape");
    expect(await dialog.isVisible()).toBe(false);
    await page.getByLabel("text").fill("always 1");
    await page.locator("#filter [name=outcome]").selectOption("retry");
    await rows.filter({ hasText: "always 1" }).first().waitFor();
    await rows.filter({ hasText: "always 1" }).first().getByRole("button").click();
    await dialog.waitFor();
    expect(await dialog.locator("pre").first().textContent()).toContain("agent.mjs");
    expect(faults).toEqual([]);
  }, 60_000);

  test("sends a dead letter back, mended, and deletes another", async () => {
    await send({ fails: "until mended" }, { fails: "for ever" });
    const { page, faults } = await open();
    await eventually(
      async () => (await read<Opening>("/api/now")).queue?.deadLetters ?? 0,
      (dead) => dead >= 4,
      30_000,
    );
    await page.getByRole("button", { name: "look", exact: true }).click();
    const letter = (text: string) => page.locator("#letter-list tbody tr", { hasText: text });
    await letter("until mended").getByRole("button").first().click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.locator("dl").textContent()).toContain("too many receives");
    await dialog.getByLabel("Body").fill('{"mended":true}');
    await dialog.getByRole("button", { name: "send back with this body" }).click();
    await eventually(
      async () => (await read<Messages>("/api/messages?outcome=done&text=mended%22%3Atrue")).matching,
      (matching) => matching === 1,
    );
    await page.locator('[data-is="letters-note"]', { hasText: "1 sent back, edited" }).waitFor();
    expect(await letter("until mended").count()).toBe(0);
    await letter("for ever").getByRole("button").first().click();
    await dialog.getByRole("button", { name: "delete" }).click();
    await dialog.getByRole("button", { name: "yes" }).click();
    await page.locator('[data-is="letters-note"]', { hasText: "1 deleted" }).waitFor();
    expect(await letter("for ever").count()).toBe(0);
    expect(faults).toEqual([]);
  }, 90_000);

  test("shows hostile bodies, errors and groups as text", async () => {
    await send({ fails: HOSTILE }, HOSTILE);
    const { page, faults } = await open();
    await eventually(
      async () => (await read<Messages>("/api/messages?text=onerror")).matching,
      (matching) => matching >= 4,
    );
    await page.getByLabel("text").fill("onerror");
    const rows = page.locator("#message-list tbody tr");
    await eventually(
      async () => rows.count(),
      (count) => count >= 4,
    );
    await rows.last().getByRole("button").click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await eventually(
      async () => (await read<Opening>("/api/now")).queue?.deadLetters ?? 0,
      (dead) => dead >= 1,
    );
    await page.getByRole("button", { name: "look", exact: true }).click();
    const letter = page.locator("#letter-list tbody tr", { hasText: "onerror" }).first();
    await letter.getByRole("button").first().click();
    expect(await page.getByLabel("Body").inputValue()).toContain("onerror=");
    expect(await page.title()).not.toContain("owned");
    expect(await page.locator("img").count()).toBe(0);
    expect(faults).toEqual([]);
  }, 60_000);

  test.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 320],
    ["dark", 768],
  ] as const)(
    "has no serious fault of accessibility, and nothing cut, %s at %d px",
    async (colorScheme, width) => {
      await send({ fails: "seen by axe" }, { n: 7 });
      const { page, faults } = await open({ viewport: { width, height: 800 }, colorScheme });
      await eventually(
        async () => (await read<Opening>("/api/now")).queue?.deadLetters ?? 0,
        (dead) => dead >= 1,
      );
      await page.getByRole("button", { name: "look", exact: true }).click();
      await page.locator("#letter-list tbody tr").first().waitFor();
      await page.locator("#message-list").scrollIntoViewIfNeeded();
      await page.locator("#message-list tbody tr").first().waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      const ground = await page.evaluate("getComputedStyle(document.body).backgroundColor");
      expect(ground).toBe(colorScheme === "dark" ? "rgb(18, 21, 19)" : "rgb(244, 245, 242)");
      expect(await seriousFaults(page)).toEqual([]);
      await page.locator("#message-list button.id").first().click();
      await page.getByRole("dialog").waitFor();
      expect(await seriousFaults(page)).toEqual([]);
      expect(faults).toEqual([]);
    },
    60_000,
  );

  test("can be used by the keyboard alone", async () => {
    await send({ n: 8, mark: "by keys" });
    const { page, faults } = await open();
    const focused = () => page.evaluate("document.activeElement.textContent || document.activeElement.name");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("to the figures");
    const until = async (wanted: (text: string) => boolean) => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press("Tab");
        if (wanted(String(await focused()))) return;
      }
      throw new Error("never came there");
    };
    await until((text) => text === "Messages");
    await page.keyboard.press("Enter");
    await until((text) => text === "text");
    await page.keyboard.type("by keys");
    const rows = page.locator("#message-list tbody tr");
    await eventually(
      async () => rows.count(),
      (count) => count === 1,
    );
    await until((text) => /^[\da-f-]{36}$/.test(text));
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    expect(await page.getByRole("dialog").isVisible()).toBe(false);
    expect(await focused()).toMatch(/^[\da-f-]{36}$/);
    expect(faults).toEqual([]);
  }, 60_000);

  test("tells in one list what its words mean", async () => {
    const { page, faults } = await open();
    await page.getByText("What the words on this page mean").click();
    const words = page.locator("#words dl div");
    await words.first().waitFor();
    expect(await words.filter({ hasText: /^event to done/ }).textContent()).toContain("From sent to done");
    expect(await words.count()).toBeGreaterThan(25);
    expect(faults).toEqual([]);
  }, 60_000);

  test("says that the worker can't be reached, and shows the next one in its place", async () => {
    const other = await mkdtemp(join(tmpdir(), "queuehand-page-"));
    const start = (port: string) =>
      new RunningCommand(["dev", "--port", "0", "--rate", "5"], { cwd: other, env: { HTTP_PORT: port } });
    const first = start("0");
    const [, port] = await first.says(/served host=\S+ port=(\d+)/);
    const page = await (await dev.browser.newContext()).newPage();
    await page.goto(`http://127.0.0.1:${port}`);
    const state = (text: string) => page.locator(`[data-is="state"]:text("${text}")`).waitFor({ timeout: 30_000 });
    await state("running");
    first.kill("SIGKILL");
    await first.exited;
    await state("not reachable");
    const second = start(port!);
    await state("running");
    await page.locator("#events li", { hasText: "worker running" }).waitFor();
    expect(await page.locator("#events li", { hasText: "worker running" }).count()).toBe(1);
    second.kill("SIGTERM");
    await second.exited;
    await page.context().close();
    await rm(other, { recursive: true });
  }, 90_000);

  test("a hundred viewers each get their seconds, and the worker goes on", async () => {
    const stop = new AbortController();
    const watch = async () => {
      const response = await fetch(`${dev.url}/api/events`, { signal: stop.signal });
      let text = "";
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        if ((text.match(/^event: tick$/gm)?.length ?? 0) >= 3) return true;
      }
      return false;
    };
    const viewers = Array.from({ length: 100 }, watch);
    const before = (await read<Opening>("/api/now")).handled;
    await send({ n: 9 });
    expect(await Promise.all(viewers)).toEqual(Array(100).fill(true));
    stop.abort();
    await eventually(
      async () => (await read<Opening>("/api/now")).handled,
      (handled) => handled > before,
    );
    expect((await fetch(`${dev.url}/readyz`)).status).toBe(200);
  }, 60_000);

  test("paints before any data has come", async () => {
    const { page } = await open();
    const paint = (await page.evaluate(
      "performance.getEntriesByName('first-contentful-paint')[0].startTime",
    )) as number;
    expect(paint).toBeGreaterThan(0);
    const withoutData = await (await dev.browser.newContext()).newPage();
    await withoutData.route("**/api/**", () => {});
    await withoutData.goto(dev.url);
    await withoutData.getByRole("heading", { name: "Slots", exact: true }).waitFor();
    await withoutData.context().close();
  }, 60_000);
});
