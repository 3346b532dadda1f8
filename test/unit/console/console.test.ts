import { get } from "node:http";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Now, Opening, QueueCounts } from "../../../src/console/api.js";
import type { Messages } from "../../../src/console/api-messages.js";
import { PAGE } from "../../../src/console/page.js";
import { ConsoleBundle, type ConsoleOptions } from "../../support/console-bundle.js";
import { eventually } from "../../support/eventually.js";

const opened: ConsoleBundle[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.stop();
});

function setup(options: ConsoleOptions = {}): ConsoleBundle {
  const bundle = new ConsoleBundle(options);
  opened.push(bundle);
  return bundle;
}

describe("the console", () => {
  test("tells what the worker does and leaves out what isn't known", () => {
    const now = setup().source.now(0);
    expect(now).toMatchObject({ queueName: "tasks", worker: { state: "running", busy: 3, slots: 4 }, handled: 0 });
    for (const unknown of ["queue", "firstTryMs", "inQueueMs", "agentMs", "receiveTrouble", "breaker", "successRate"]) {
      expect(now).not.toHaveProperty(unknown);
    }
  });

  test("tells rate, times, success and history after some work", async () => {
    const { console: page, source, clock, live } = bound(setup());
    page.start();
    for (let second = 0; second < 5; second++) {
      await live({ id: `a${second}`, inQueueMs: 40, agentMs: 200 });
      await live({ id: `b${second}`, inQueueMs: 40, agentMs: 200, receive: 2 });
      await live({ id: `c${second}`, agentMs: 200, outcome: "retry", cause: new Error("no") });
      await clock.advance(400);
    }
    const now = source.now(0);
    expect(now.handledPerSecond).toBe(3);
    expect(now.totals.settled).toMatchObject({ done: 10, retry: 5 });
    expect(now.successRate).toBeCloseTo(2 / 3);
    expect(now.failuresPerMinute).toBe(5);
    expect(now.firstTryMs).toMatchObject({ count: 5 });
    expect(now.firstTryMs!.p50).toBeCloseTo(240);
    expect(now.laterTryMs).toMatchObject({ count: 5 });
    expect(now.agentMs!.p99).toBeCloseTo(200);
    const { series } = source.history("hour");
    expect(series.done.slice(1)).toEqual([2, 2, 2, 2, 2]);
    expect(series.retry.slice(1)).toEqual([1, 1, 1, 1, 1]);
    expect(series.firstTryP50.slice(1)).toEqual([240, 240, 240, 240, 240]);
  });

  test("tells what runs in each slot, since when, and its last note", async () => {
    const { source, clock, start, tell } = bound(setup());
    const delivery = start({ id: "slow" });
    await clock.advance(1_000);
    start({ id: "next" });
    tell({ kind: "progress", delivery, note: "half of it" });
    const { slots, now } = source.now(0);
    expect(slots).toEqual([
      { messageId: "slow", receiveCount: 1, since: now - 1_000, note: "half of it" },
      { messageId: "next", receiveCount: 1, since: now },
    ]);
    tell({ kind: "ended", delivery, outcome: "done", agentMs: 1_000 });
    expect(source.now(0).slots.map(({ messageId }) => messageId)).toEqual(["next"]);
  });

  test("tells that the breaker is open, and no more when it is closed", () => {
    const { source, tell } = setup();
    tell({ kind: "breaker", open: true, failures: 40, of: 50 });
    expect(source.now(0).breaker).toEqual({ failures: 40, of: 50 });
    tell({ kind: "breaker", open: false, failures: 0, of: 50 });
    expect(source.now(0)).not.toHaveProperty("breaker");
  });

  test("tells for how long nothing could be received, and why it isn't ready", async () => {
    const { source, tell, clock } = setup({ notReady: () => ["unable to receive"] });
    tell({ kind: "receiveFailed", cause: "ECONNREFUSED", error: new Error("no"), failures: 1, changed: true });
    await clock.advance(7_000);
    expect(source.now(0)).toMatchObject({
      receiveTrouble: { cause: "ECONNREFUSED", seconds: 7 },
      notReady: ["unable to receive"],
    });
  });

  test("asks for the queue's counts once a second, and never again before it has an answer", async () => {
    let asked = 0;
    let answer = (_: QueueCounts) => {};
    const ask = () => {
      asked++;
      return new Promise<QueueCounts>((resolve) => {
        answer = resolve;
      });
    };
    const { console: page, source, clock } = setup({ ask });
    page.start();
    await clock.advance(5_000);
    expect(asked).toBe(1);
    answer({ waiting: 12, deadLetters: 3 });
    await clock.advance(1_000);
    expect(asked).toBe(2);
    expect(source.now(0).queue).toEqual({ waiting: 12, deadLetters: 3 });
    expect(source.history("hour").series.waiting).toEqual([null, null, null, null, null, null, 12]);
  });

  test("doesn't show old counts when they can't be had any more", async () => {
    let fails = false;
    const ask = async () => {
      if (fails) throw new Error("no queue");
      return { waiting: 1 };
    };
    const { console: page, source, clock } = setup({ ask });
    page.start();
    await clock.advance(1_000);
    expect(source.now(0).queue).toEqual({ waiting: 1 });
    fails = true;
    await clock.advance(1_000);
    expect(source.now(0)).not.toHaveProperty("queue");
  });

  test("asks a queue that is paid for only while somebody looks, and once in five seconds", async () => {
    let asked = 0;
    const bundle = setup({ ask: async () => ({ waiting: ++asked }), onlyWhileWatched: true });
    const { console: page, clock, source } = bundle;
    page.start();
    await clock.advance(60_000);
    await bundle.ask("/metrics");
    await clock.advance(5_000);
    expect(asked).toBe(0);
    for (let second = 0; second < 11; second++) {
      await bundle.ask("/api/now");
      await clock.advance(1_000);
    }
    expect(source.now(0).queue).toEqual({ waiting: 3 });
    await clock.advance(60_000);
    expect(asked).toBe(3);
    expect(source.now(0)).not.toHaveProperty("queue");
  });

  test("leaves no timer when it is stopped, and bears to be stopped and started twice", () => {
    const { console: page, clock } = setup();
    page.stop();
    page.start();
    page.start();
    expect(clock.timers).toBe(1);
    page.stop();
    page.stop();
    expect(clock.timers).toBe(0);
  });
});

describe("the console's paths", () => {
  test("serve a page that holds no script and no style, under a policy that lets none in", async () => {
    const { status, text, headers } = await setup().ask("/");
    expect([status, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(text).toBe(PAGE);
    expect(text).not.toMatch(/<script(?![^>]* src=)|<style|\son[a-z]+=|\sstyle=|javascript:/);
    const policy = headers["content-security-policy"] as string;
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toContain("unsafe");
  });

  test("serve its script and style packed for who takes that, and once for who has them", async () => {
    const bundle = setup();
    const { status, headers } = await bundle.ask("/page.js", { headers: { "accept-encoding": "gzip" } });
    expect([status, headers["content-encoding"]]).toEqual([200, "gzip"]);
    expect((await bundle.ask("/page.js")).text).toContain("EventSource");
    const again = await bundle.ask("/page.js", { headers: { "if-none-match": String(headers.etag) } });
    expect([again.status, again.text]).toEqual([304, ""]);
    expect((await bundle.ask("/page.css")).headers["content-type"]).toContain("text/css");
  });

  test("serve data that only pages of this origin can read", async () => {
    const { status, json, headers } = await setup().ask("/api/now");
    expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
    });
    expect(headers).not.toHaveProperty("access-control-allow-origin");
    expect((json as Opening).worker.busy).toBe(3);
    expect((json as Opening).may).toEqual({ look: false, act: "no" });
  });

  test.each(["/", "/api/now", "/api/messages", "/api/errors", "/api/history", "/api/events", "/page.js"])(
    "refuse %s to a page whose name was made to point here",
    async (path) => {
      const bundle = setup();
      const { status, text } = await bundle.ask(path, { headers: { host: "evil.example:8080" } });
      expect(status).toBe(421);
      expect(text).not.toContain("tasks");
      expect((await bundle.ask("/livez", { headers: { host: "evil.example:8080" } })).status).toBe(200);
    },
  );

  test.each(["POST", "PUT", "DELETE"])("take no %s to be read", async (method) => {
    const bundle = setup();
    for (const path of ["/", "/api/now", "/api/messages", "/api/events"]) {
      expect((await bundle.ask(path, { method })).status).toBe(405);
    }
  });

  test("serve histories, errors, messages, and one of them", async () => {
    const bundle = setup();
    bundle.console.start();
    await bundle.live({ id: "good/one" });
    await bundle.live({ id: "bad", outcome: "retry", cause: new Error("no field 7") });
    await bundle.clock.advance(1_000);
    expect((await bundle.ask("/api/history?range=day")).json).toMatchObject({ range: "day", stepSeconds: 60 });
    expect((await bundle.ask("/api/history?range=week")).json).toEqual({
      error: 'range must be hour or day, got "week"',
    });
    expect((await bundle.ask("/api/errors")).json).toMatchObject({
      groups: [{ error: "Error: no field N", count: 1 }],
    });
    const { messages } = (await bundle.ask("/api/messages?outcome=retry")).json as Messages;
    expect(messages.map(({ messageId }) => messageId)).toEqual(["bad"]);
    expect((await bundle.ask("/api/messages?outcome=lost")).status).toBe(400);
    expect((await bundle.ask("/api/messages?limit=0")).json).toEqual({
      error: 'limit must be between 1 and 1000, got "0"',
    });
    expect((await bundle.ask(`/api/messages/${encodeURIComponent("good/one")}`)).json).toMatchObject({ state: "done" });
    expect((await bundle.ask("/api/messages/nobody")).status).toBe(404);
    expect((await bundle.ask("/api/messages/%")).status).toBe(404);
  });

  test("send a tick a second to all who watch, made once, with the events since the last one", async () => {
    const bundle = setup();
    const { clock, tell, source } = bundle;
    bundle.console.start();
    let made = 0;
    const now = source.now.bind(source);
    source.now = (after) => {
      made++;
      return now(after);
    };
    const url = await bundle.url();
    const texts = ["", "", ""];
    const requests = texts.map((_, index) =>
      get(`${url}/api/events`, { agent: false }, (response) => {
        response.setEncoding("utf8").on("data", (chunk) => {
          texts[index] += chunk;
        });
      }).on("error", () => {}),
    );
    await eventually(
      async () => texts,
      (all) => all.every((text) => text.includes("retry:")),
    );
    tell({ kind: "warning", text: "first" });
    await clock.advance(1_000);
    tell({ kind: "warning", text: "second" });
    await clock.advance(1_000);
    const ticks = (text: string) =>
      [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => (JSON.parse(data!) as { now: Now }).now.events);
    const seen = await eventually(
      async () => texts.map(ticks),
      (all) => all.every(({ length }) => length === 2),
    );
    for (const events of seen) {
      expect(events.map((each) => each.map(({ what }) => what))).toEqual([["first"], ["second"]]);
    }
    expect(made).toBe(2);
    for (const each of requests) each.destroy();
  });

  test("end a stream before the port would cut it", async () => {
    const bundle = setup();
    bundle.console.start();
    let ended = false;
    let text = "";
    get(`${await bundle.url()}/api/events`, { agent: false }, (response) => {
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => {
        ended = true;
      });
    });
    await eventually(
      async () => text,
      (all) => all.includes("retry:"),
    );
    await bundle.clock.advance(27_000);
    expect(
      await eventually(
        async () => ended,
        (over) => over,
      ),
    ).toBe(true);
    expect(text.match(/event: tick/g)).toHaveLength(25);
  });
});

describe("a section that a mode adds", () => {
  const extra = {
    name: "scale",
    title: "Scale",
    data: () => ({ tasks: 3 }),
    actions: {
      kill: async (given: unknown) => ({ killed: given }),
    },
  };

  test("has its data, its actions, and its name in what the page opens with", async () => {
    const bundle = setup({ extra, actions: "free" });
    expect((await bundle.ask("/api/now")).json).toMatchObject({ extra: { name: "scale", title: "Scale" } });
    expect((await bundle.ask("/api/scale")).json).toEqual({ tasks: 3 });
    expect((await bundle.post("/api/scale/kill", { task: 1 })).json).toEqual({ killed: { task: 1 } });
    expect((await bundle.post("/api/scale/toString", {})).status).toBe(404);
    expect((await bundle.ask("/api/scale/kill")).status).toBe(405);
  });

  test("does nothing for who may not act", async () => {
    expect((await setup({ extra }).post("/api/scale/kill", {})).status).toBe(403);
  });
});

function bound(bundle: ConsoleBundle) {
  return Object.assign(bundle, { live: bundle.live.bind(bundle), start: bundle.start.bind(bundle) });
}
