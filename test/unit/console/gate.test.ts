import { afterEach, describe, expect, test } from "@jest/globals";
import type { DeadLetterLook, LetterChoice, LetterEdit, LetterEnd } from "../../../src/console/api-letters.js";
import type { Actions } from "../../../src/console/gate.js";
import type { LetterDesk } from "../../../src/console/page-source.js";
import { ConsoleBundle } from "../../support/console-bundle.js";

const TOKEN = "a-token-of-some-length";
const opened: ConsoleBundle[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.stop();
});

class MemoryDesk implements LetterDesk {
  readonly asked: (readonly [string, object?])[] = [];
  last: DeadLetterLook = {
    at: 1,
    looking: false,
    seen: 1,
    approximate: 1,
    groups: [],
    letters: [{ id: "l", originalId: "l", reason: "rejected", attributes: {}, body: "the body" }],
  };
  async look(): Promise<DeadLetterLook> {
    this.asked.push(["look"]);
    return this.last;
  }
  redrive = (choice: LetterChoice) => this.#end("redrive", choice);
  delete = (choice: LetterChoice) => this.#end("delete", choice);
  edit = (edit: LetterEdit) => this.#end("edit", edit);
  async #end(name: string, given: object): Promise<LetterEnd> {
    this.asked.push([name, given]);
    return { done: 1, left: [] };
  }
}

function setup(actions: Actions, bodies = false) {
  const desk = new MemoryDesk();
  const bundle = new ConsoleBundle({ deadLetters: desk, actions, bodies });
  opened.push(bundle);
  return { desk, bundle };
}

const ACTIONS: readonly (readonly [string, object])[] = [
  ["redrive", { ids: ["l"] }],
  ["delete", { all: true }],
  ["edit", { id: "l", body: "mended" }],
];

describe("the gate to the dead letters", () => {
  test("lets a page of run look, and do nothing else", async () => {
    const { desk, bundle } = setup("no");
    expect((await bundle.ask("/api/dead-letters")).status).toBe(200);
    expect(desk.asked).toEqual([]);
    expect((await bundle.post("/api/dead-letters/look", {})).status).toBe(200);
    for (const [action, given] of ACTIONS) {
      const { status, json } = await bundle.post(`/api/dead-letters/${action}`, given);
      expect([status, json]).toEqual([
        403,
        { error: "this page only shows: CONSOLE_ACTIONS and CONSOLE_TOKEN let it act" },
      ]);
    }
    expect(desk.asked).toEqual([["look"]]);
  });

  test("lets everything be done where it is free", async () => {
    const { desk, bundle } = setup("free");
    for (const [action, given] of ACTIONS) {
      expect((await bundle.post(`/api/dead-letters/${action}`, given)).json).toEqual({ done: 1, left: [] });
    }
    expect(desk.asked).toEqual(ACTIONS);
  });

  test.each([
    ["without a token", {}],
    ["with a wrong one", { authorization: "Bearer a-token-of-some-lengtH" }],
    ["with a part of it", { authorization: "Bearer a-token" }],
    ["with another scheme", { authorization: `Basic ${TOKEN}` }],
  ])("does nothing %s", async (_, headers) => {
    const { desk, bundle } = setup({ token: TOKEN });
    for (const [action, given] of ACTIONS) {
      expect((await bundle.post(`/api/dead-letters/${action}`, given, headers)).status).toBe(401);
    }
    expect(desk.asked).toEqual([]);
  });

  test("does it with the token", async () => {
    const { desk, bundle } = setup({ token: TOKEN });
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await bundle.post("/api/dead-letters/delete", { ids: ["l"] }, headers)).status).toBe(200);
    expect(desk.asked).toEqual([["delete", { ids: ["l"] }]]);
  });

  test.each([
    ["another origin", { origin: "https://evil.example" }, 403],
    ["an origin that is none", { origin: "null" }, 403],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["plain text", { "content-type": "text/plain" }, 415],
    ["another host", { host: "evil.example" }, 421],
  ])("does nothing for %s, however free it is", async (_, headers, expected) => {
    const { desk, bundle } = setup("free");
    for (const action of ["look", "redrive", "delete"]) {
      expect((await bundle.post(`/api/dead-letters/${action}`, { all: true }, headers)).status).toBe(expected);
    }
    expect(desk.asked).toEqual([]);
  });

  test("does it for the page itself", async () => {
    const { bundle } = setup("free");
    const origin = await bundle.url();
    expect((await bundle.post("/api/dead-letters/look", {}, { origin })).status).toBe(200);
  });

  test("changes nothing by GET", async () => {
    const { desk, bundle } = setup("free");
    for (const action of ["look", "redrive", "delete", "edit"]) {
      const { status, headers } = await bundle.ask(`/api/dead-letters/${action}`);
      expect([status, headers.allow]).toEqual([405, "POST"]);
    }
    expect(desk.asked).toEqual([]);
  });

  test("says what is wrong with what was sent", async () => {
    const { desk, bundle } = setup("free");
    const choice = "the letters must be named by ids (1..1000), by a group, or by all: true";
    for (const given of [{}, { ids: [] }, { ids: [7] }, { all: "yes" }, { group: {} }]) {
      expect((await bundle.post("/api/dead-letters/delete", given)).json).toEqual({ error: choice });
    }
    expect((await bundle.post("/api/dead-letters/edit", { id: "l" })).status).toBe(400);
    const headers = { "content-type": "application/json" };
    const broken = await bundle.ask("/api/dead-letters/look", { method: "POST", headers, body: "{" });
    expect(broken.json).toEqual({ error: "the request's body is no JSON" });
    const long = await bundle.ask("/api/dead-letters/look", {
      method: "POST",
      headers,
      body: `"${"x".repeat(8 * 1024 * 1024)}"`,
    });
    expect(long.status).toBe(413);
    expect(desk.asked).toEqual([]);
  });

  test("shows bodies to who may act, and to all with LOG_BODIES", async () => {
    const bodyOf = async ({ bundle }: ReturnType<typeof setup>, headers = {}) =>
      ((await bundle.ask("/api/dead-letters", { headers })).json as DeadLetterLook).letters[0]!.body;
    expect(await bodyOf(setup("no"))).toBeUndefined();
    expect(await bodyOf(setup("no", true))).toBe("the body");
    expect(await bodyOf(setup("free"))).toBe("the body");
    const guarded = setup({ token: TOKEN });
    expect(await bodyOf(guarded)).toBeUndefined();
    expect(await bodyOf(guarded, { authorization: `Bearer ${TOKEN}` })).toBe("the body");
  });
});
