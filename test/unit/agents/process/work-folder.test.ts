import { chmod, mkdir, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type WorkFolder, WorkFolders } from "../../../../src/agents/process/work-folder.js";

let folders: WorkFolders;
let folder: WorkFolder;
beforeEach(async () => {
  folders = new WorkFolders();
  await folders.open();
  folder = folders.make();
});
afterEach(() => folders.close());

describe("A work folder that is used again", () => {
  test("knows whether something is in it, however often it is asked and emptied", async () => {
    for (let n = 0; n < 200; n++) {
      expect(folder.isEmpty).toBe(true);
      await writeFile(join(folder.path, "file"), "x");
      expect(folder.isEmpty).toBe(false);
      await folder.empty();
    }
  });

  test("knows it also when it was empty for long, and a file has come and is older than that", async () => {
    await sleep(60);
    expect(folder.isEmpty).toBe(true);
    expect(folder.isEmpty).toBe(true);
    await mkdir(join(folder.path, "a"));
    expect(folder.isEmpty).toBe(false);
  });

  test("is emptied of folders, of what can't be written, and of names that begin with a dot", async () => {
    await mkdir(join(folder.path, "a/b"), { recursive: true });
    await writeFile(join(folder.path, "a/b/c"), "x");
    await chmod(join(folder.path, "a/b"), 0o500);
    await writeFile(join(folder.path, ".hidden"), "x");
    await folder.empty();
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("stays the same folder for a process that is in it", async () => {
    const { ino } = await stat(folder.path);
    await writeFile(join(folder.path, "file"), "x");
    await folder.empty();
    expect((await stat(folder.path)).ino).toBe(ino);
  });

  test("is there again, and private, when an agent has taken it away or changed its mode", async () => {
    await rm(folder.path, { recursive: true });
    expect(folder.isEmpty).toBe(false);
    await folder.empty();
    await chmod(folder.path, 0o755);
    expect(folder.isEmpty).toBe(false);
    await folder.empty();
    expect((await stat(folder.path)).mode & 0o777).toBe(0o700);
    expect(folder.isEmpty).toBe(true);
  });

  test("that an agent has turned into a link takes nothing of what the link names with it", async () => {
    const other = folders.make();
    await writeFile(join(other.path, "kept"), "x");
    await rm(folder.path, { recursive: true });
    await symlink(other.path, folder.path);
    expect(folder.isEmpty).toBe(false);
    await folder.empty();
    expect(await readdir(other.path)).toEqual(["kept"]);
    expect((await stat(folder.path)).isDirectory()).toBe(true);
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe("A work folder that is given back", () => {
  const left: [string, (path: string) => Promise<unknown>][] = [
    ["a file", (path) => writeFile(join(path, "file"), "x")],
    ["another mode", (path) => chmod(path, 0o755)],
    ["a link in its place", (path) => rm(path, { recursive: true }).then(() => symlink("/tmp", path))],
    ["nothing in its place", (path) => rm(path, { recursive: true })],
  ];

  test("is used again when nothing was left in it, but not beside its user", async () => {
    folder.write("message.json", "{}");
    const other = folders.make();
    expect(other.path).not.toBe(folder.path);
    await folders.giveBack(folder);
    const again = folders.make();
    expect(again.path).toBe(folder.path);
    expect(await readdir(again.path)).toEqual([]);
    again.write("message.json", "{}");
    expect(await readdir(again.path)).toEqual(["message.json"]);
    expect((await stat(again.path)).mode & 0o777).toBe(0o700);
  });

  test.each(left)("is removed when its agent left %s", async (_, leave) => {
    folder.write("message.json", "{}");
    await leave(folder.path);
    await folders.giveBack(folder);
    await expect(stat(folder.path)).rejects.toMatchObject({ code: "ENOENT" });
    expect(folders.make().path).not.toBe(folder.path);
  });

  test("is removed when its agent took the message's file away", async () => {
    await rm(folder.write("message.json", "{}"));
    await folders.giveBack(folder);
    expect(folders.make().path).not.toBe(folder.path);
  });
});
