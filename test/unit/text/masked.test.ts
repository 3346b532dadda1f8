import { describe, expect, test } from "@jest/globals";
import { masked, maskedUrls, maskedValue } from "../../../src/text/masked.js";

const SECRET = "hunter2";
const TOKEN = "aB3dE6gH9jK2mN5pQ8sT1vW4";

describe("a setting's value is told without", () => {
  test.each([
    `https://user:${SECRET}@sqs.eu-west-1.amazonaws.com/123456789012/tasks`,
    `https://${SECRET}@host/tasks`,
    `http://:${SECRET}@127.0.0.1:8000/run`,
    `https://user:p"a b${SECRET}@host/tasks`,
    `https:user:${SECRET}@host/tasks`,
    `https:\\\\user:${SECRET}@host/tasks`,
    `https://user:pa@ss${SECRET}@host/tasks`,
    // No URLs, by a slip or by an unescaped slash; what was meant is plain all the same.
    `htps://user:${SECRET}@host/tasks`,
    `https:/user:${SECRET}@host/tasks`,
    `user:${SECRET}@host/tasks`,
    `https://user:pass/${SECRET}@host/tasks`,
    `https://user:${SECRET}@host:port/tasks`,
    `//user:${SECRET}@host/tasks`,
  ])("the user's part of %s", (value) => {
    expect(maskedValue(value)).not.toContain(SECRET);
    expect(maskedValue(value)).toContain("***@");
  });

  test.each([
    "token",
    "api_key",
    "X-Amz-Signature",
    "sig",
    "code",
    "key",
    "access%5Ftoken",
    "client-secret",
    "password",
  ])("the value of %s in a query", (name) => {
    expect(maskedValue(`https://host/run?mode=fast&${name}=${SECRET}#here`)).toBe(
      `https://host/run?mode=fast&${name}=***#here`,
    );
  });

  test("a value in a query that no person typed", () => {
    expect(maskedValue(`https://host/run?v=${TOKEN}`)).toBe("https://host/run?v=***");
  });

  test.each([
    `--token ${SECRET}`,
    `--api-key=${SECRET}`,
    `--password '${SECRET} twice'`,
    `--password="${SECRET} twice"`,
    `-H "Authorization: Bearer ${SECRET}"`,
    `-H 'X-Api-Key: ${SECRET}'`,
    `-u me:${SECRET}`,
    `--user=me:${SECRET}`,
    `DB_PASSWORD=${SECRET} run`,
    `--db postgres://me:${SECRET}@db:5432/jobs`,
    `--dsn "Server=db;Password=${SECRET};Database=1"`,
    `--token -${SECRET},more`,
    `--key "${SECRET}`,
    `/password:${SECRET}`,
    `--settings '{"mode":"fast","token": "${SECRET}"}'`,
    `--hook https://host/in?token=${SECRET}`,
  ])("the word that is secret in a command: %s", (words) => {
    expect(maskedValue(`exec:python agent.py ${words}`)).not.toContain(SECRET);
    expect(maskedValue(`exec:python agent.py ${words}`)).toContain("exec:python agent.py ");
  });

  test.each([
    TOKEN,
    `sk-${TOKEN}`,
    "ghp_0123456789abcdefghij",
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "0123456789abcdef".repeat(2),
  ])("a word that looks like a key: %s", (word) => {
    expect(maskedValue(`exec:agent ${word} --fast`)).toBe("exec:agent *** --fast");
  });
});

describe("what is no secret stays as it is", () => {
  test.each([
    "./agent.mjs",
    "https://sqs.eu-west-1.amazonaws.com/123456789012/a-very-long-name-of-a-queue-v2.fifo",
    "http://127.0.0.1:8000/run?mode=fast&page=2",
    "http://127.0.0.1:8000/@scope/run",
    "exec:python3.12 /usr/lib/python3/dist-packages/Agent2/run.py --mail me@example.com --workers 4",
    "exec:setpriv --reuid 1001 --regid 1001 --clear-groups --no-new-privs python3 agent.py",
    "body:/customer/key",
    "attribute:idempotency-key",
    "github:GITHUB_SECRET",
    "arn:aws:iam::123456789012:role/queuehand-agent-role-of-orders",
  ])("%s", (value) => {
    expect(maskedValue(value)).toBe(value);
  });

  test("a sentence about secrets", () => {
    const text = "the token has expired; the key: must be renewed by 5fea7756-0ea4-451a-a703-a558b933e274";
    expect(masked(text)).toBe(text);
  });
});

test("half a URL shows no password either", () => {
  expect(maskedUrls(`connect http://user:${SECRET}… (500 more)`)).toBe("connect http://***… (500 more)");
});

test("URLs are found wherever they stand in a line of JSON", () => {
  const line = JSON.stringify({ err: { message: `connect http://a:${SECRET}@h/q and "https://h/?sig=${SECRET}"` } });
  expect(JSON.parse(maskedUrls(line))).toEqual({
    err: { message: 'connect http://***@h/q and "https://h/?sig=***"' },
  });
});

test.each(["a", "://", ":/", "?a=", "@", "a-", "x://y@", "-a ", "a=", "%", ":", "a:", ",a:"])(
  "takes time by its length alone: %s",
  (piece) => {
    // A quadratic one takes minutes here, and the test its limit.
    masked(piece.repeat(300_000));
    // In a URL, of which the end seems to be cut off.
    maskedUrls(`http://${piece.repeat(300_000)} …`);
  },
);
