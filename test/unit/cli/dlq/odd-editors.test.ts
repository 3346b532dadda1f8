import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { editorOf } from "../../../../src/cli/dlq/editor.js";
import { EditorGuard } from "../../../../src/cli/dlq/editor-guard.js";
import type { Editor } from "../../../../src/letters/edited.js";
import { eventually } from "../../../support/eventually.js";
import { letter } from "../../../support/memory-letters.js";
import { ODD_THROWS } from "../../../support/odd-throws.js";

const names = Object.keys(ODD_THROWS);
const never = new AbortController().signal;
const LEFT_MAX = 400;

let folder: string;
let guard: EditorGuard;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-editors-"));
  guard = new EditorGuard();
});
afterEach(async () => {
  guard.release();
  await rm(folder, { recursive: true });
});

/** An editor whose module does what `edit` does. */
async function editing(edit: (body: string) => unknown): Promise<Editor> {
  const file = join(folder, "edit.mjs");
  const { oddEdits } = globalThis as { oddEdits?: unknown[] };
  const edits = oddEdits ?? [];
  Object.assign(globalThis, { oddEdits: edits });
  await writeFile(file, `export default globalThis.oddEdits[${edits.push(edit) - 1}];`);
  return editorOf(file, guard);
}

const source = async (text: string) => {
  const file = join(folder, "edit.mjs");
  await writeFile(file, text);
  return editorOf(file, guard);
};

describe("an editor's letter stays, with a reason in words,", () => {
  test.each(names)("when it throws %s", async (name) => {
    const editor = await editing(() => {
      throw ODD_THROWS[name]!();
    });
    expect(await editor(letter(), never)).toEqual({ leave: expect.stringMatching(/^the editor threw/) });
  });

  test("or goes back as text, whatever the editor returns", async () => {
    let made: () => unknown = () => "";
    const editor = await editing(() => made());
    const anything = fc.anything({ withBigInt: true, withNullPrototype: true, withMap: true, withTypedArray: true });
    const odd = fc.oneof(
      anything.map((value) => () => value),
      fc.constantFrom(...Object.values(ODD_THROWS)),
    );
    await fc.assert(
      fc.asyncProperty(odd, async (make) => {
        made = make;
        const edited = await editor(letter({ body: "before" }), never);
        if ("body" in edited) {
          expect(edited.body.isWellFormed()).toBe(true);
          expect(edited.body).not.toBe("");
        } else expect(edited.leave.length).toBeLessThan(LEFT_MAX);
      }),
    );
  });

  test.each<[string, unknown, RegExp]>([
    ["a symbol", Symbol("x"), /JSON can't say: Symbol\(x\)/],
    ["a function", () => 1, /JSON can't say: a function/],
    ["a bigint", 10n, /JSON can't say: TypeError/],
    ["nothing", undefined, /returned no body/],
    ["an empty body", "", /empty/],
    ["a lone surrogate", "\ud800", /the character U\+D800, which SQS doesn't take/],
    ["a control character", "a\u0000b", /the character U\+0000/],
    ["too large a body", "é".repeat(600_000), /a body of 1200000 bytes, and SQS takes 1048576 at most/],
  ])("when it returns %s", async (_name, body, why) => {
    const editor = await editing(() => body);
    expect(await editor(letter(), never)).toEqual({ leave: expect.stringMatching(why) });
  });
});

describe("in an editor that is watched over", () => {
  beforeEach(() => guard.watch());

  test.each([[0], [7], [undefined]])("process.exit(%p) ends the edit alone", async (code) => {
    const editor = await source(`export default () => process.exit(${code ?? ""});`);
    expect(await editor(letter(), never)).toEqual({
      leave: `the editor threw Error: process.exit(${code ?? ""}) was called`,
    });
    expect(guard.late).toEqual([]);
  });

  test("process.exit ends the edit also where the module catches what it throws", async () => {
    const editor = await source("export default () => { try { process.exit(0); } catch {} return 'b'; };");
    expect(await editor(letter(), never)).toEqual({ leave: expect.stringContaining("process.exit(0)") });
  });

  test("process.exit while the module is loaded is why it can't be", async () => {
    await expect(source("process.exit(0);")).rejects.toThrow(/can't be loaded: Error: process\.exit\(0\) was called/);
  });

  test("what is written to stdout goes to stderr, and only what the editor writes", async () => {
    guard.release();
    const stderr = jest.spyOn(process.stderr, "write").mockReturnValue(true);
    const stdout = jest.spyOn(process.stdout, "write").mockReturnValue(true);
    guard = new EditorGuard();
    guard.watch();
    const editor = await source(
      "process.stdout.write('load'); export default (b) => { process.stdout.write(b); return b; };",
    );
    await editor(letter({ body: "noise" }), never);
    process.stdout.write("ours");
    guard.release();
    expect(stderr.mock.calls).toEqual([["load"], ["noise"]]);
    expect(stdout.mock.calls).toEqual([["ours"]]);
    stdout.mockRestore();
    stderr.mockRestore();
  });
});

describe("an error that nobody in the editor catches", () => {
  /** Node hands these to the process; in a test's realm they are handed over by hand, in the edit's own context. */
  const uncaught = (error: unknown) => (process as NodeJS.EventEmitter).emit("uncaughtException", error);
  beforeEach(() => guard.watch());

  test.each(names)("of %s ends the edit of its letter, and no other", async (name) => {
    const editor = await editing(async (body) => {
      if (body === "odd") setImmediate(() => uncaught(ODD_THROWS[name]!()));
      await new Promise((resolve) => setTimeout(resolve, 10));
      return `${body}!`;
    });
    const edited = await Promise.all(["a", "odd", "b"].map((body) => editor(letter({ body }), never)));
    expect(edited).toEqual([{ body: "a!" }, { leave: expect.stringMatching(/^the editor threw/) }, { body: "b!" }]);
    expect(guard.late).toEqual([]);
  });

  test("is kept with its letter's id where the edit has ended by then", async () => {
    const editor = await editing(async (body) => {
      setTimeout(() => uncaught(new Error("late")), 5);
      return body;
    });
    const edited = letter({ body: "b" });
    expect(await editor(edited, never)).toEqual({ body: "b" });
    await eventually(
      async () => guard.late,
      ({ length }) => length > 0,
    );
    expect(guard.late).toEqual([{ letterId: edited.message.id, fault: "Error: late" }]);
  });
});
