import { describe, expect, test } from "@jest/globals";
import { type DeadLetterLook, type LetterEnd, NO_LOOK } from "../../../src/console/api-letters.js";
import type { LetterDesk } from "../../../src/console/page-source.js";
import { LaterLetterDesk } from "../../../src/worker/later-letter-desk.js";

const LOOK: DeadLetterLook = { ...NO_LOOK, at: 1, seen: 3, approximate: 3 };

/** A desk that writes down what it is asked for, and says `LOOK` once it has looked. */
class WrittenDesk implements LetterDesk {
  readonly asked: unknown[] = [];
  last = NO_LOOK;
  async look() {
    this.asked.push("look");
    this.last = LOOK;
    return LOOK;
  }
  redrive = (choice: unknown) => this.#done("redrive", choice);
  delete = (choice: unknown) => this.#done("delete", choice);
  edit = (edit: unknown) => this.#done("edit", edit);
  async #done(what: string, given: unknown): Promise<LetterEnd> {
    this.asked.push([what, given]);
    return { done: 1, left: [] };
  }
}

function setup() {
  const desk = new WrittenDesk();
  const loads: PromiseWithResolvers<LetterDesk>[] = [];
  const later = new LaterLetterDesk(() => {
    const load = Promise.withResolvers<LetterDesk>();
    loads.push(load);
    return load.promise;
  });
  return { desk, later, loads };
}

describe("a desk that is loaded when somebody comes", () => {
  test("is not loaded for who asks what was found", () => {
    const { later, loads } = setup();
    expect(later.last).toEqual(NO_LOOK);
    expect(loads).toHaveLength(0);
  });

  test("is loaded once for all who come, and says meanwhile that it is about to look", async () => {
    const { desk, later, loads } = setup();
    const looks = [later.look(), later.look()];
    expect(later.last.looking).toBe(true);
    loads[0]!.resolve(desk);
    expect(await Promise.all(looks)).toEqual([LOOK, LOOK]);
    await later.look();
    expect(loads).toHaveLength(1);
    expect(later.last).toEqual(LOOK);
  });

  test("does what it is asked to", async () => {
    const { desk, later, loads } = setup();
    const redriven = later.redrive({ all: true });
    loads[0]!.resolve(desk);
    expect(await redriven).toEqual({ done: 1, left: [] });
    await later.delete({ ids: ["a"] });
    await later.edit({ id: "b", body: "{}" });
    expect(desk.asked).toEqual([
      ["redrive", { all: true }],
      ["delete", { ids: ["a"] }],
      ["edit", { id: "b", body: "{}" }],
    ]);
  });

  test("tells who came that it can't be loaded, and tries again for the next", async () => {
    const { desk, later, loads } = setup();
    const look = later.look();
    loads[0]!.reject(new Error("the file is gone"));
    await expect(look).rejects.toThrow("the file is gone");
    expect(later.last).toEqual(NO_LOOK);
    const next = later.look();
    loads[1]!.resolve(desk);
    expect(await next).toEqual(LOOK);
  });
});
