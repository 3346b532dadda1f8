import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { Console } from "../../../src/console/console.js";
import type { ConsoleState } from "../../../src/console/console-state.js";
import { PAGE, PAGE_HEADERS } from "../../../src/console/page.js";
import { PAGE_SCRIPT } from "../../../src/console/page-script.js";
import { Counters } from "../../../src/observe/counters.js";
import { FakeClock } from "../../support/fake-clock.js";
import { type PaperElement, paperPage } from "../../support/paper-page.js";

const HOSTILE = `</script><img src=x onerror="alert(1)">&lt;b`;

/** The state of a worker that has heard of every sort of trouble, as a page gets it. */
async function setup(change: (state: ConsoleState) => ConsoleState = (state) => state) {
  const clock = new FakeClock();
  const figures = new Counters(clock);
  const source = new Console({
    queueName: HOSTILE,
    host: "127.0.0.1",
    status: () => ({
      state: "running",
      slots: 4,
      busy: 3,
      buffered: 2,
      openPolls: 1,
      settling: 0,
      meanAgentSeconds: 1,
      lastReceiveOkAt: undefined,
    }),
    figures,
    counts: { ask: async () => ({ waiting: 1_500, deadLetters: 2 }), onlyWhileWatched: false },
    clock,
  });
  source.start();
  const fail = (messageId: string, cause: unknown) =>
    source.record({
      kind: "settled",
      delivery: { messageId, receiveCount: 3 },
      outcome: "retry",
      agentMs: 5,
      cause,
      certain: true,
    });
  fail(HOSTILE, new Error(HOSTILE));
  figures.record({
    kind: "receiveFailed",
    cause: HOSTILE,
    error: undefined,
    failures: 1,
    retryInMs: 1,
    changed: true,
  });
  await clock.advance(3_000);
  const world = { reachable: true };
  const page = paperPage(PAGE_SCRIPT, async () => {
    if (!world.reachable) throw new Error("refused");
    return JSON.parse(JSON.stringify(change(source.state())));
  });
  // The script's last expression is its first question.
  await page.first;
  source.stop();
  return { page, world, clock, fail };
}

const is = (name: string) => `[data-is="${name}"]`;
const rows = (list: PaperElement) => list.children.map((row) => (row as PaperElement).textContent);

describe("the page", () => {
  test("asks nobody but its own worker, and needs nothing else", () => {
    const addresses = PAGE.match(/(?:https?:)?\/\/[a-z][^\s"'<)]*/gi) ?? [];
    // A name of a kind of markup, not an address that anybody asks.
    expect([...new Set(addresses)].filter((address) => !address.includes("www.w3.org"))).toEqual([]);
    expect(PAGE).not.toMatch(/<link rel="stylesheet"|<script src|@import|url\(/);
  });

  test("allows by its policy the very style and script that it has", () => {
    const policy = PAGE_HEADERS["content-security-policy"]!;
    for (const tag of ["style", "script"]) {
      const text = new RegExp(`<${tag}>([^]*)</${tag}>`).exec(PAGE)![1]!;
      expect(policy).toContain(`${tag}-src 'sha256-${createHash("sha256").update(text).digest("base64")}'`);
    }
    expect(PAGE).not.toMatch(/ style="| on[a-z]+="/);
  });

  test("has every place that its script writes to", async () => {
    const { page } = await setup();
    for (const selector of page.selectors()) {
      const attribute = /^\[(data-\w+="[\w-]+")\]$/.exec(selector)?.[1];
      const names = selector.match(/[#.][\w-]+/g) ?? [];
      const wanted = attribute ? [attribute] : names.map((n) => (n[0] === "#" ? `id="${n.slice(1)}"` : n.slice(1)));
      for (const each of wanted) expect(PAGE).toContain(each);
    }
    expect(page.selectors().length).toBeGreaterThan(15);
  });

  test("shows what the worker does", async () => {
    const { page } = await setup();
    expect(page.errors).toEqual([]);
    expect(page.asked).toEqual(["/console/state"]);
    expect(page.find(is("state")).textContent).toBe("running");
    expect(page.find(is("busy")).textContent).toBe("3 of 4 busy");
    expect(page.find(is("waiting")).textContent).toBe("1,502");
    expect(page.find(is("waiting-note")).textContent).toBe("2 dead letters");
    expect(page.find(".cells").childElementCount).toBe(4);
    expect(page.find('[data-curve="busy"]').childElementCount).toBe(2);
  });

  test("shows names, ids and errors as text, whatever is in them", async () => {
    const { page } = await setup();
    expect(page.find(is("queue")).textContent).toBe(HOSTILE);
    expect(page.find(".alerts").textContent).toContain(HOSTILE);
    const [row] = page.find("#events ol").children as PaperElement[];
    const texts = (row!.children as PaperElement[]).map(({ textContent }) => textContent);
    expect(texts.slice(2)).toEqual(["failed, is retried · receive 3", `Error: ${HOSTILE}`, HOSTILE]);
  });

  test("adds new events on top and leaves the rows that it has", async () => {
    const { page, fail } = await setup();
    const list = page.find("#events ol");
    const [old] = list.children;
    fail("m-2", new Error("again"));
    await page.next();
    expect(list.children[1]).toBe(old);
    expect(rows(list)[0]).toContain("m-2");
    await page.next();
    expect(list.childElementCount).toBe(2);
  });

  test("begins anew when another worker answers", async () => {
    let startedAt = 5;
    const { page } = await setup((state) => ({ ...state, startedAt }));
    const list = page.find("#events ol");
    const [old] = list.children;
    expect(old).toBeDefined();
    startedAt = 7;
    await page.next();
    expect(list.childElementCount).toBe(1);
    expect(list.children[0]).not.toBe(old);
  });

  test("leaves out what only the queue knows where nobody asks it", async () => {
    const { page } = await setup(({ queue: _, ...state }) => state);
    expect(page.find(is("waiting")).textContent).toBe("2");
    expect(page.find(is("waiting-note")).textContent).toBe("received, waiting for a slot");
  });

  test("draws hundreds of slots as one bar", async () => {
    const { page } = await setup((state) => ({ ...state, worker: { ...state.worker, slots: 1_000, busy: 250 } }));
    const cells = page.find(".cells");
    expect(cells.childElementCount).toBe(1);
    expect((cells.children[0] as PaperElement).style.width).toBe("25%");
  });

  test("says that the worker can't be reached, asks on, and recovers", async () => {
    const { page, world } = await setup();
    world.reachable = false;
    await page.next();
    expect(page.find(is("state")).textContent).toBe("not reachable");
    expect(page.document.body.classList.contains("lost")).toBe(true);
    world.reachable = true;
    await page.next();
    expect(page.find(is("state")).textContent).toBe("running");
    expect(page.document.body.classList.contains("lost")).toBe(false);
  });

  test("asks nothing while nobody sees it", async () => {
    const { page } = await setup();
    page.document.hidden = true;
    await page.next();
    expect(page.asked.length).toBe(1);
    page.document.hidden = false;
    await page.next();
    expect(page.asked.length).toBe(2);
  });
});
