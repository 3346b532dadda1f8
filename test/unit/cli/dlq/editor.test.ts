import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { editorOf } from "../../../../src/cli/dlq/editor.js";
import { EditorGuard } from "../../../../src/cli/dlq/editor-guard.js";
import { letter } from "../../../support/memory-letters.js";

describe("An editor", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "queuehand-editor-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test.each([
    ["module", "never.mjs", "export default () => new Promise(() => {});", (file: string) => file],
    ["command", "never.sh", "sleep 1000", (file: string) => `sh ${file}`],
  ])("that is a %s and hangs leaves its letter where it is, once it is told to stop", async (_, name, text, given) => {
    const file = join(folder, name);
    await writeFile(file, text);
    const editor = await editorOf(given(file), new EditorGuard());
    const stop = new AbortController();
    const edited = editor(letter(), stop.signal);
    stop.abort();
    expect(await edited).toEqual({ leave: "interrupted while it was edited" });
  });

  test("is heard to its end where nobody stops it", async () => {
    const editor = await editorOf("tr a b", new EditorGuard());
    expect(await editor(letter({ body: "aa" }), new AbortController().signal)).toEqual({ body: "bb" });
  });
});
