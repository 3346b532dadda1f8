import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Browser } from "playwright-core";
import { browserSuite, launchBrowser } from "../support/browser.js";
import { killCommands, RunningCommand } from "../support/command.js";

browserSuite("the page of dev --scale", () => {
  let folder: string;
  let browser: Browser;
  let scale: RunningCommand;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "queuehand-scale-page-"));
    const args = ["dev", "--scale", "--speed", "5", "--load", "constant:20", "--tasks", "2", "--set", "MinTasks=2"];
    scale = new RunningCommand([...args, "--http-port", "0"], { cwd: folder });
    [, url = ""] = await scale.says(/the page is (\S+)/);
    browser = await launchBrowser();
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await killCommands();
    await rm(folder, { recursive: true });
  });

  test("shows the equation and the tasks, and does what its buttons and its slider say", async () => {
    const page = await browser.newPage({ viewport: { width: 320, height: 800 } });
    await page.goto(url);
    await page.locator("text=/sent [0-9,]+ = done/").waitFor();
    await page.locator("text=/holds at [0-9,]+ looks · overlaps 0/").waitFor();
    await page.getByRole("button", { name: "kill a task" }).click();
    await page.locator("text=/task \\d+ is killed \\(SIGKILL\\)/").waitFor();
    await page.locator("text=/task \\d+ \\(version 1\\) died/").waitFor();
    await page.getByRole("slider").fill("40");
    await page.locator("text=/the load is constant:40 from now on/").waitFor();
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
    await page.close();
  }, 60_000);

  test("takes actions as JSON alone, from itself alone, and tells what makes no sense", async () => {
    const post = async (action: string, body: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(`${url}api/scale/${action}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body,
      });
      return [answer.status, await answer.text()] as const;
    };
    expect(await post("load", '{"load":"step:5..x"}')).toEqual([400, expect.stringContaining('got \\"x\\" in')]);
    expect(await post("freeze", '{"task":99}')).toEqual([400, expect.stringContaining("there is no task 99")]);
    expect(await post("freeze", '{"task":"1"}')).toEqual([400, expect.stringContaining("task must be a number")]);
    expect((await post("explode", "{}"))[0]).toBe(404);
    expect((await post("kill", "{}", { origin: "http://evil.example" }))[0]).toBe(403);
    expect((await post("kill", "{}", { "content-type": "text/plain" }))[0]).toBe(415);
    expect((await fetch(`${url}api/scale/kill`)).status).toBe(405);
    expect(await post("deploy", "{}")).toEqual([200, expect.stringContaining("deploy")]);
  }, 60_000);
});
