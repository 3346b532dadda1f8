import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { command, killCommands } from "../support/command.js";
import { QueueServer } from "../support/fauxqs-server.js";

let server: QueueServer;
let queueUrl: string;
let folder: string;

beforeAll(async () => {
  server = await QueueServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  queueUrl = await server.queue(`queue-${Math.random().toString(36).slice(2)}`);
  folder = await mkdtemp(join(tmpdir(), "queuehand-send-"));
});
afterEach(async () => {
  await killCommands();
  await rm(folder, { recursive: true });
});

const send = (args: string[], stdin: string | Buffer = "", env = {}) =>
  command(["send", ...args], { cwd: folder, stdin, env: { ...server.env, SQS_QUEUE_URL: queueUrl, ...env } });
const bodies = async (url = queueUrl) => (await server.messages(url)).map(({ Body }) => Body);

describe("send", () => {
  test("sends a body as it is, and its attributes", async () => {
    const { code, stdout } = await send(["--attribute", "a=b=c", "--attribute", "constructor=x", '{"task_id":"42"}']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sent 1 message to http.* \(id [\w-]+\)\n$/);
    const [message] = await server.messages(queueUrl);
    expect(message!.Body).toBe('{"task_id":"42"}');
    expect(Object.entries(message!.MessageAttributes!).map(([name, value]) => [name, value.StringValue])).toEqual(
      expect.arrayContaining([
        ["a", "b=c"],
        ["constructor", "x"],
      ]),
    );
  });

  test("sends many, each with its number, in batches", async () => {
    const { code, stdout } = await send(["--count", "205", "--json", '{"n":{{n}}}']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ sent: 205, failed: 0, faults: {}, messageIds: { length: 100 } });
    const numbers = (await bodies()).map((body) => JSON.parse(body!).n);
    expect(new Set(numbers)).toEqual(new Set(Array.from({ length: 205 }, (_, index) => index + 1)));
  });

  test("sends the whole of stdin as one body, or each line of a file as one", async () => {
    expect((await send(["-"], "two\nlines\n")).code).toBe(0);
    await writeFile(join(folder, "lines.jsonl"), '{"n":1}\r\n\n   \n{"n":2}\n{"n":3}');
    expect((await send(["--file", "lines.jsonl"])).code).toBe(0);
    expect((await send(["--file", "-"], "four\nfive\n")).code).toBe(0);
    expect((await bodies()).sort()).toEqual(["two\nlines\n", '{"n":1}', '{"n":2}', '{"n":3}', "four", "five"].sort());
  });

  test("delays, groups, and gives each message of a FIFO queue a deduplication id of its own", async () => {
    expect((await send(["--delay", "900", "later"])).code).toBe(0);
    expect(await bodies()).toEqual([]);

    const fifo = await server.queue("orders.fifo", { FifoQueue: "true", ContentBasedDeduplication: "true" });
    const missing = await send(["--queue-url", fifo, "same"]);
    expect([missing.code, missing.stderr]).toEqual([64, expect.stringContaining("--group is required")]);
    expect((await send(["--queue-url", fifo, "--group", "a", "same"])).code).toBe(0);
    expect((await send(["--queue-url", fifo, "--group", "b", "same"])).code).toBe(0);
    const groups = (await server.messages(fifo)).map(({ Attributes }) => Attributes!.MessageGroupId);
    expect(groups.sort()).toEqual(["a", "b"]);
  });

  test("takes groups and deduplication ids from the bodies", async () => {
    const fifo = await server.queue("by-body.fifo", { FifoQueue: "true" });
    const lines = ['{"id":1,"tenant":"a"}', '{"id":2,"tenant":"b"}', '{"id":1,"tenant":"a"}'];
    await writeFile(join(folder, "orders.jsonl"), lines.join("\n"));
    const byBody = ["--file", "orders.jsonl", "--group", "body:/tenant"];
    expect((await send([...byBody, "--dedup", "body:/id", "--queue-url", fifo])).code).toBe(0);
    const sent = (await server.messages(fifo)).map(({ Body, Attributes }) => [Body, Attributes!.MessageGroupId]);
    expect(sent.sort()).toEqual([
      [lines[0], "a"],
      [lines[1], "b"],
    ]);

    const none = await send(["--group", "body:/nobody", '{"id":1}']);
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringContaining("1 × --group body:/nobody: there is no string and no number in the body\n"),
    ]);
  });

  test("leaves out the lines that are no good, names them, and sends all others", async () => {
    const good = (n: number) => `{"g":"a","n":${n}}`;
    const lines = Array.from({ length: 40 }, (_, index) => Buffer.from(good(index + 1)));
    // Blank lines count as editors count them.
    lines[1] = Buffer.from("");
    lines[6] = Buffer.from('{"n":7}');
    lines[7] = Buffer.from("no JSON");
    lines[34] = Buffer.from("{}");
    lines[35] = Buffer.concat([Buffer.from('{"g":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const file = join(folder, "some.jsonl");
    await writeFile(file, Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")])));
    const byText = await send(["--file", file, "--group", "body:/g"]);
    expect([byText.code, byText.stdout]).toEqual([1, expect.stringContaining("sent 35 messages")]);
    expect(byText.stderr).toContain("4 not sent");
    expect(byText.stderr).toContain(
      "3 × --group body:/g: there is no string and no number in the body (lines 7-8, 35)",
    );
    expect(byText.stderr).toContain("1 × its bytes are no UTF-8 (line 36)");
    expect((await bodies()).sort()).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 1)
        .filter((n) => ![2, 7, 8, 35, 36].includes(n))
        .map(good)
        .sort(),
    );
    const { stdout } = await send(["--file", file, "--group", "body:/g", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ sent: 35, failed: 4, lastLine: 40, stopped: null });
    expect(JSON.parse(stdout).failures.map(({ line }: { line: number }) => line)).toEqual([7, 8, 35, 36]);
  });

  test("takes bytes as they are: no byte order mark, nothing else lost, nothing put in place of what is no UTF-8", async () => {
    const file = join(folder, "marked.jsonl");
    // Readers of lines may take this for the end of one; JSON has it in its strings.
    await writeFile(file, '\uFEFF{"a":1}\n\uFEFFkept\n"\u2028"\n');
    expect((await send(["--file", file])).code).toBe(0);
    expect((await send(["-"], "\uFEFFwhole\n")).code).toBe(0);
    expect((await bodies()).sort()).toEqual(['{"a":1}', "\uFEFFkept", '"\u2028"', "whole\n"].sort());
    const bad = await send(["--json", "-"], Buffer.from([0x61, 0xff]));
    expect([bad.code, JSON.parse(bad.stdout)]).toMatchObject([
      1,
      { sent: 0, failed: 1, failures: [{ line: 1, detail: "its bytes are no UTF-8" }] },
    ]);
    expect(await bodies()).toEqual([]);
  });

  test("keeps to a rate, and says which messages can't be sent, and sends the others", async () => {
    await writeFile(join(folder, "lines.txt"), `small\n${"x".repeat(1_048_577)}\nsmall too\n`);
    const { code, stdout, stderr } = await send(["--file", "lines.txt", "--rate", "100"]);
    expect([code, stdout]).toEqual([1, expect.stringContaining("sent 2 messages")]);
    expect(stderr).toContain("1 × it is longer than 1048576 bytes (line 2)");
    expect((await send(["--json", ""])).stdout).toContain("the body is empty");
    expect((await bodies()).sort()).toEqual(["small", "small too"]);
  });

  test("leaves double braces alone where no count asks for numbers", async () => {
    const template = '{"text":"item {{n}} of {{total}}"}';
    await writeFile(join(folder, "templates.jsonl"), `${template}\n${template}\n`);
    for (const [args, stdin] of [[[template]], [["-"], template], [["--file", "templates.jsonl"]]] as const) {
      expect((await send([...args], stdin)).code).toBe(0);
    }
    expect(await bodies()).toEqual([template, template, template, template]);
    await send(["--count", "1", template]);
    expect(await bodies()).toEqual(['{"text":"item 1 of {{total}}"}']);
  });

  test("ends at a line without an end, by its number", async () => {
    const file = join(folder, "endless.jsonl");
    await writeFile(file, Buffer.concat([Buffer.from("one\n\n"), Buffer.alloc(20 * 1024 * 1024, "x")]));
    const endless = await send(["--file", file]);
    expect([endless.code, endless.stdout]).toEqual([1, expect.stringContaining("sent 1 message")]);
    expect(endless.stderr).toMatch(/line 3 has no end within \d+ bytes; a message has 1048576 at most/);
    expect(endless.stderr).toContain("nothing after line 1 was sent");
    expect(await bodies()).toEqual(["one"]);
    const whole = await send(["-"], Buffer.alloc(1_048_577, "x"));
    expect([whole.code, whole.stderr]).toEqual([1, expect.stringContaining("stdin has more than 1048576 bytes")]);
  });

  test("sends a mebibyte beside others: a batch has the same bound as a message", async () => {
    await writeFile(join(folder, "lines.txt"), `${"x".repeat(1_048_576)}\nsmall\n${"y".repeat(700_000)}\n`);
    expect(JSON.parse((await send(["--file", "lines.txt", "--json"])).stdout)).toMatchObject({ sent: 3, failed: 0 });
  });

  test("says when the queue is gone, can't be reached, or isn't named", async () => {
    const gone = await send(["--queue-url", queueUrl.replace(/[^/]+$/, "nope"), "x"]);
    expect([gone.code, gone.stderr]).toEqual([69, expect.stringContaining("QueueDoesNotExist")]);
    const json = await send(["--queue-url", queueUrl.replace(/[^/]+$/, "nope"), "--json", "x"]);
    expect([json.code, JSON.parse(json.stdout)]).toMatchObject([
      69,
      { sent: 0, failed: 1, stopped: expect.stringContaining("QueueDoesNotExist") },
    ]);
    const unreachable = await send(["x"], "", { AWS_ENDPOINT_URL: "http://127.0.0.1:1" });
    expect([unreachable.code, unreachable.stderr]).toEqual([1, expect.stringContaining("ECONNREFUSED")]);
    const unnamed = await send(["x"], "", { SQS_QUEUE_URL: "" });
    expect([unnamed.code, unnamed.stderr]).toEqual([78, expect.stringContaining("no queue to send to")]);
    const noUrl = await send(["--queue-url", "my orders", "x"]);
    expect([noUrl.code, noUrl.stderr]).toEqual([
      78,
      expect.stringContaining("--queue-url must be a queue's URL, name or ARN"),
    ]);
    const noQueue = await send(["--queue-url", "orders", "x"]);
    expect([noQueue.code, noQueue.stderr]).toEqual([
      69,
      expect.stringMatching(/--queue-url: the queue "orders" can't be looked up: .*QueueDoesNotExist.*give its URL/),
    ]);
    const nowhere = await send(["--queue-url", "orders", "x"], "", { AWS_ENDPOINT_URL: "", AWS_REGION: "" });
    expect([nowhere.code, nowhere.stderr]).toEqual([
      78,
      expect.stringContaining('--queue-url names the queue "orders", and no region to look for it in: set AWS_REGION'),
    ]);
  }, 30_000);

  test("takes the queue's name or ARN in place of its URL", async () => {
    const name = queueUrl.split("/").at(-1)!;
    const arn = await server.arnOf(queueUrl);
    for (const queue of [name, arn]) {
      const sent = await send(["--queue-url", queue, "--json", queue]);
      expect([sent.code, JSON.parse(sent.stdout)]).toMatchObject([0, { sent: 1, queueUrl }]);
    }
    expect((await server.messages(queueUrl)).map(({ Body }) => Body).sort()).toEqual([arn, name].sort());
  }, 30_000);

  test.each([
    [[], "nothing to send"],
    [["a", "b"], "takes at most 1 operand"],
    [["--file", "x", "body"], "give either a body or --file, not both"],
    [["--count", "0", "x"], "--count must be a whole number between 1 and 1000000"],
    [["--delay", "901", "x"], "--delay must be a whole number between 0 and 900"],
    [["--attribute", "=x", "x"], '--attribute must be NAME=VALUE, got "=x"'],
    [["--attribute", "__proto__=x", "x"], "--attribute can't be named __proto__"],
    [["--dedup", "1", "x"], "--dedup is for FIFO queues only"],
    [["--rate", "0", "x"], "--rate must be a whole number between 1 and 10000"],
    [["--group", "body:tenant", "x"], '--group: a JSON pointer is empty or begins with /, got "tenant"'],
    [["--large-bucket", "B", "x"], "--large-bucket must be the name of an S3 bucket"],
    [["--cuont", "3", "x"], "unknown option --cuont; did you mean --count?"],
  ])("refuses %j", async (args, text) => {
    const { code, stdout, stderr } = await send(args);
    expect([code, stdout, stderr]).toEqual([64, "", expect.stringContaining(text)]);
    const json = await send([...args, "--json"]);
    expect([json.code, JSON.parse(json.stdout)]).toEqual([
      64,
      { error: "usage", exitCode: 64, faults: [expect.stringContaining(text)] },
    ]);
  });

  test("says when a file can't be read or is empty", async () => {
    const none = await send(["--file", "none.jsonl"]);
    expect([none.code, none.stderr]).toEqual([1, expect.stringMatching(/--file none\.jsonl can't be read: ENOENT/)]);
    await writeFile(join(folder, "blank.jsonl"), "\n\n");
    const blank = await send(["--file", "blank.jsonl"]);
    expect([blank.code, blank.stderr]).toEqual([1, expect.stringContaining("--file blank.jsonl has no line to send")]);
  });
});
