import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { command, killCommands, RunningCommand } from "../support/command.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-dev-"));
});
afterEach(async () => {
  await killCommands();
  await rm(folder, { recursive: true });
});

function dev(...args: string[]): RunningCommand {
  return new RunningCommand(["dev", ...args], { cwd: folder });
}

describe("dev with a number of messages", () => {
  test("ends by itself and tells on one line what became of them", async () => {
    const { code, stdout, stderr } = await command(["dev", "--messages", "50", "--json"], { cwd: folder });
    expect([code, stdout.trim().split("\n").length]).toEqual([0, 1]);
    // The 5th, the 25th and the 45th fail on purpose.
    expect(JSON.parse(stdout)).toEqual({
      sent: 50,
      done: 47,
      retried: 3,
      rejected: 0,
      deadLettered: 3,
      elapsedMs: expect.any(Number),
    });
    expect(stderr).toContain("Sending 50 messages; 3 of them fail on purpose.");
  }, 60_000);

  test("works with a single message, and tells people in words", async () => {
    const { code, stdout } = await command(["dev", "--messages", "1"], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toContain("\nSending 1 message.\n");
    expect(stdout).toMatch(/In [\d.]+ s: 1 sent, 1 done, 0 retried, 0 rejected, 0 dead letters\./);
  }, 60_000);

  test("shows what an agent of one's own says, takes every character that SQS takes, and names what it doesn't", async () => {
    await writeFile(
      join(folder, "agent.mjs"),
      "export default ({ body }, { log }) => log.info({ body }, 'the agent speaks');",
    );
    await writeFile(join(folder, "bodies.txt"), "😀 漢字\nnot \u0001\n");
    const args = ["dev", "--handler", "./agent.mjs", "--samples", "bodies.txt", "--messages", "2"];
    const { code, stdout } = await command(args, { cwd: folder });
    expect(stdout).toMatch(/Sending 2 messages\.\n/);
    expect(stdout).toMatch(/info +the agent speaks .*body=😀 漢字/);
    expect(stdout).toMatch(/^not sent: 1 message: InvalidMessageContents/m);
    expect(stdout).toContain("1 sent, 1 done");
    expect(code).toBe(1);
  }, 60_000);

  test("has a FIFO queue by --fifo, whose groups stay in order", async () => {
    await writeFile(
      join(folder, "agent.mjs"),
      "export default ({ body, groupId }) => console.log('seen', groupId, body);",
    );
    await writeFile(join(folder, "bodies.txt"), Array.from({ length: 12 }, (_, n) => n + 1).join("\n"));
    const args = ["dev", "--fifo", "--handler", "./agent.mjs", "--samples", "bodies.txt", "--messages", "12"];
    const { code, stdout } = await command(args, { cwd: folder });
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining("queuehand-dev.fifo, dead letters in queuehand-dev-dlq.fifo"),
    ]);
    const seen = [...stdout.matchAll(/^seen (group-\d) (\d+)$/gm)].map(([, group, n]) => [group, Number(n)] as const);
    const ofGroup = (group: string) => seen.filter(([of]) => of === group).map(([, n]) => n);
    expect(["group-1", "group-2", "group-3"].map(ofGroup)).toEqual([
      [3, 6, 9, 12],
      [1, 4, 7, 10],
      [2, 5, 8, 11],
    ]);
  }, 60_000);

  test("knows all four verbs of an agent of one's own", async () => {
    await writeFile(
      join(folder, "agent.mjs"),
      `const seen = new Set();
      export default async ({ id, body }) => {
        const first = !seen.has(id);
        seen.add(id);
        const end = (name, fields) => Object.assign(new Error(name + " it"), { name }, fields);
        if (body === "retry" && first) throw end("Retry", { seconds: 0 });
        if (body === "reject") throw end("Reject");
        if (body === "defer" && first) throw end("Defer", { seconds: 1 });
      };`,
    );
    await writeFile(join(folder, "bodies.jsonl"), "done\nretry\n\nreject\ndefer\n");
    const args = ["dev", "--handler", "./agent.mjs", "--samples", "bodies.jsonl", "--messages", "8", "--json"];
    const { code, stdout } = await command(args, { cwd: folder });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ sent: 8, done: 6, retried: 2, rejected: 2, deadLettered: 2 });
  }, 60_000);

  test.each(["0", "-3", "many", "100001", "2.5"])("refuses %j", async (count) => {
    const { code, stdout, stderr } = await command(["dev", "--messages", count], { cwd: folder });
    expect([code, stdout]).toEqual([64, ""]);
    expect(stderr).toContain(`--messages must be a whole number between 1 and 100000, got "${count}"`);
  });

  test("tells of an interruption, and what had ended by then", async () => {
    const child = dev("--messages", "2000", "--json");
    await child.says(/ended [1-9]\d*\/2000/);
    child.kill("SIGINT");
    expect(await child.exited).toBe(130);
    const { sent, done } = JSON.parse(child.stdout);
    expect(sent).toBe(2000);
    expect(done).toBeLessThan(2000);
  }, 60_000);
});

describe("dev", () => {
  test("takes a message from another process in the same folder or below, and sums up on Ctrl-C", async () => {
    const child = dev("--no-producer");
    const [, line] = await child.says(/^ {2}npx queuehand send '(.+)'$/m);
    await child.says(/worker running/);
    const below = join(folder, "below");
    await mkdir(below);
    const sends = await Promise.all([
      command(["send", line!], { cwd: folder }),
      command(["send", '{"task_id":"43","data":{"work_ms":1}}'], { cwd: below }),
    ]);
    expect(sends.map(({ code, stderr }) => [code, stderr])).toEqual(sends.map(() => [0, ""]));
    await child.says(/task done .*taskId=42/);
    await child.says(/task done .*taskId=43/);
    const last = await command(["send", "--json", '{"task_id":"44","data":{"work_ms":1}}'], { cwd: folder });
    const { queueUrl } = JSON.parse(last.stdout);
    await child.says(/task done .*taskId=44/);
    // Its queues are reached by their names, too, with no setting and no credential.
    const named = await command(["dlq", "ls", "--json", "--dlq-url", `${queueUrl}-dlq`], { cwd: folder });
    expect([named.code, JSON.parse(named.stdout)]).toMatchObject([0, { seen: 0 }]);
    child.kill("SIGINT");
    expect(await child.exited).toBe(0);
    expect(child.stdout).toMatch(/3 sent, 3 done, 0 retried, 0 rejected, 0 dead letters/);

    const late = await command(["send", "hello"], { cwd: folder });
    expect([late.code, late.stderr]).toEqual([78, expect.stringContaining("start `queuehand dev` in this folder")]);
  }, 60_000);

  test("sends samples by itself, of which one fails, is tried again and becomes a dead letter, which the status shows", async () => {
    const child = dev("--rate", "50");
    await child.says(/error_trigger/);
    await child.says(/waiting \d+ {3}busy \d+\/10 {3}handled [\d.]+\/s {3}in queue p50 .* ms, p99 .* {3}done \d+/);
    await child.says(/dead letters [1-9]/);
    child.kill("SIGINT");
    expect(await child.exited).toBe(0);
  }, 60_000);

  test("listens on loopback only", async () => {
    const child = dev("--no-producer");
    const [, port] = await child.says(/Queue server on http:\/\/127\.0\.0\.1:(\d+)/);
    const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    const outside = own.find(({ internal, family }) => !internal && family === "IPv4");
    const answers = (host: string) =>
      fetch(`http://${host}:${port}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    expect(await answers("127.0.0.1")).toBe(true);
    if (outside) expect(await answers(outside.address)).toBe(false);
  }, 60_000);

  test("says when its port is taken, and when the settings or the agent are wrong", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    const busy = await command(["dev", "--port", String(port)], { cwd: folder });
    taken.close();
    expect([busy.code, busy.stderr]).toEqual([1, expect.stringContaining(`--port ${port} can't be listened on`)]);

    await writeFile(join(folder, ".env"), "CONCURRENCY=0\nVISIBILITY_TIMEOUTS=3\n");
    const faults = await command(["dev", "--messages", "1", "--json"], { cwd: folder });
    expect(faults.code).toBe(78);
    expect(JSON.parse(faults.stdout)).toMatchObject({ error: "settings", exitCode: 78, faults: { length: 2 } });

    await rm(join(folder, ".env"));
    const agent = await command(["dev", "--handler", "./none.mjs", "--messages", "1"], { cwd: folder });
    expect([agent.code, agent.stderr]).toEqual([78, expect.stringContaining(`HANDLER "./none.mjs" can't be read`)]);
  }, 60_000);
});
