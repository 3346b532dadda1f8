import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ScaleView } from "../../src/cli/dev/scale/scale-view.js";
import { command, killCommands, RunningCommand } from "../support/command.js";
import { eventually } from "../support/eventually.js";

type Line =
  | { readonly kind: "event"; readonly second: number; readonly text: string }
  | (ScaleView & { readonly kind: "state" })
  | (ScaleView & { readonly kind: "summary"; readonly ok: boolean });

const linesOf = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

/** Processes that were started by this one as workers, whoever is their parent by now. */
async function workersOf(parent: number): Promise<string[]> {
  const found = await Promise.all(
    (await readdir("/proc"))
      .filter((name) => /^\d+$/.test(name))
      .map(async (id) => {
        const environment = await readFile(`/proc/${id}/environ`, "utf8").catch(() => "");
        return environment.split("\0").includes(`QUEUEHAND_DEV_PARENT=${parent}`) ? [id] : [];
      }),
  );
  return found.flat();
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-scale-"));
});
afterEach(async () => {
  await killCommands();
  await rm(folder, { recursive: true });
});

describe("dev --scale", () => {
  test("runs the loop with a killed, a frozen and a cut task, poison and a deployment, and loses nothing", async () => {
    const { code, stdout, stderr } = await command(
      [
        "dev",
        "--scale",
        "--speed",
        "20",
        "--load",
        "step:20..60",
        "--tasks",
        "3",
        "--set",
        "MinTasks=2",
        "--for",
        "28",
        ...["kill@2", "freeze@4", "poison@5", "cut@6", "poison@8", "deploy@10"].flatMap((each) => ["--do", each]),
        "--visibility",
        "60",
        "--json",
        "--http-port",
        "off",
      ],
      { cwd: folder },
    );
    expect([code, stderr]).toEqual([0, ""]);
    const lines = linesOf(stdout);
    const summary = lines.at(-1)!;
    if (summary.kind !== "summary") throw new Error(`the last line is ${summary.kind}`);
    const { sent, done, dead, there, missing } = summary.equation;
    expect(summary).toMatchObject({ ok: true, overlaps: 0, equation: { holds: true, lost: 0, missing: 0 } });
    expect(sent).toBe(done + dead + there + missing);
    // Six messages of ten that are dead by then would be too many, and none at all too few.
    expect([sent, done].every((count) => count > 300)).toBe(true);
    expect(dead).toBeGreaterThan(0);

    const events = lines.flatMap((line) => (line.kind === "event" ? [line.text] : []));
    for (const text of [
      /killed \(SIGKILL\)/,
      /died/,
      /frozen for 90 s/,
      /network of task \d+ is cut/,
      /version 2 is deployed/,
    ]) {
      expect(events.some((event) => text.test(event))).toBe(true);
    }
    const states = lines.flatMap((line) => (line.kind === "state" ? [line] : []));
    expect(states.every(({ equation }) => equation.holds)).toBe(true);
    // The workers' metrics arrived, and scaling looked at them.
    expect(states.at(-1)!.slotDemand).toBeGreaterThan(0);
    expect(states.at(-1)!.alarms.map(({ name }) => name)).toContain("BurstAlarmEven");
    expect(summary.cost.usd).toBeGreaterThan(0);
    expect(summary.cost.peers.map(({ policy }) => policy.split(" ")[0])).toEqual(["simulated", "KEDA", "CDK"]);
  }, 180_000);

  test("drains on SIGINT, tells what became of the messages in words, and leaves no process", async () => {
    const child = new RunningCommand(
      ["dev", "--scale", "--load", "constant:40", "--tasks", "2", "--http-port", "off"],
      { cwd: folder },
    );
    await child.says(/load 40\/s {3}tasks 2\/2/);
    child.kill("SIGINT");
    expect(await child.exited).toBe(0);
    const [, sent, done, there] =
      /sent (\d+) = done (\d+) \+ dead 0 \+ still there (\d+) {3}holds at \d+ looks {3}overlaps 0.*\.$/m.exec(
        child.stdout,
      )!;
    expect(Number(sent)).toBe(Number(done) + Number(there));
    expect(child.stdout).toMatch(/in the simulator: this policy \$[\d.]+/);
  }, 120_000);

  test("leaves no process behind, even where it is killed while tasks start", async () => {
    const child = new RunningCommand(["dev", "--scale", "--load", "constant:5", "--tasks", "3", "--http-port", "off"], {
      cwd: folder,
    });
    await child.says(/task 3 \(version 1\) is launched/);
    child.kill("SIGKILL");
    expect(await child.exited).toBe("SIGKILL");
    await eventually(
      () => workersOf(child.pid),
      (left) => left.length === 0,
    );
  }, 60_000);

  test("refuses a load that makes no sense, and names it", async () => {
    const { code, stdout, stderr } = await command(["dev", "--scale", "--load", "step:5..5oo"], { cwd: folder });
    expect([code, stdout]).toEqual([64, ""]);
    expect(stderr).toContain('got "5oo" in "step:5..5oo"');
  });
});
