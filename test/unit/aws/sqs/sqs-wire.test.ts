import { describe, expect, test } from "@jest/globals";
import { SqsWire } from "../../../../src/aws/sqs/sqs-wire.js";
import { CredentialSource } from "../../../../src/aws/wire/credentials.js";
import type { WireCall } from "../../../../src/aws/wire/json-wire.js";
import { NullServer } from "../../../support/null-server.js";
import { never } from "../../../support/sqs-bundle.js";

async function setup(path = "") {
  const server = await NullServer.start();
  const credentials = new CredentialSource(async () => ({ accessKeyId: "AKIATEST", secretAccessKey: "secret" }));
  const wire = new SqsWire({ endpoint: new URL(`${server.endpoint}${path}`), region: "eu-west-1", credentials });
  const call = (more: Partial<WireCall> = {}) =>
    wire.call({ operation: "GetQueueUrl", input: {}, signal: never, timeoutMs: 10_000, repeatable: true, ...more });
  return {
    server,
    call,
    async [Symbol.asyncDispose]() {
      wire.close();
      await server.stop();
    },
  };
}

describe("the wire", () => {
  test("keeps one connection for calls one after the other", async () => {
    await using bundle = await setup();
    for (let i = 0; i < 3; i++) await bundle.call();
    const calls = await bundle.server.seen("GetQueueUrl", 3);
    expect(new Set(calls.map(({ connection }) => connection)).size).toBe(1);
  });

  test("ends a call by its timeout where nobody answers", async () => {
    await using bundle = await setup();
    bundle.server.script("GetQueueUrl", "silence");
    await expect(bundle.call({ timeoutMs: 20 })).rejects.toMatchObject({
      kind: "unreachable",
      message: "GetQueueUrl: no answer after 20 ms",
    });
  });

  test("dates the next call by the server's clock after a refusal for the time", async () => {
    await using bundle = await setup();
    const ahead = new Date(Date.now() + 3_600_000);
    const json = { __type: "InvalidSignatureException", message: "Signature expired: 1 is earlier than 2" };
    bundle.server.script("GetQueueUrl", { json, status: 403, headers: { date: ahead.toUTCString() } });
    await expect(bundle.call()).rejects.toMatchObject({ kind: "unreachable" });
    await bundle.call();
    const [first, second] = await bundle.server.seen("GetQueueUrl", 2);
    const dated = (headers: (typeof first & object)["headers"]) => String(headers["x-amz-date"]).slice(0, 11);
    expect(dated(second!.headers)).toBe(`${ahead.toISOString().replace(/[-:]/g, "").slice(0, 11)}`);
    expect(dated(first!.headers)).not.toBe(dated(second!.headers));
  });

  test("takes no date for the server's clock by which nothing can be signed", async () => {
    await using bundle = await setup();
    const json = { __type: "RequestTimeTooSkewed", message: "x" };
    bundle.server.script("GetQueueUrl", { json, status: 403, headers: { date: "Fri, 31 Dec 10000 00:00:00 GMT" } });
    await expect(bundle.call()).rejects.toMatchObject({ kind: "unreachable" });
    await bundle.call();
    const [, second] = await bundle.server.seen("GetQueueUrl", 2);
    expect(second!.headers["x-amz-date"]).toMatch(/^\d{8}T\d{6}Z$/);
  });

  test.each(["/proxy/", "/proxy"])("keeps a path of the endpoint, as the SDK posts to it: %s", async (path) => {
    await using bundle = await setup(path);
    await bundle.call();
    expect((await bundle.server.seen("GetQueueUrl"))[0]!.path).toBe("/proxy/");
  });

  test("leaves no listener on the signal behind", async () => {
    await using bundle = await setup();
    const { signal } = new AbortController();
    const counts: number[] = [];
    const { addEventListener, removeEventListener } = signal;
    let listeners = 0;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, args);
    };
    for (let i = 0; i < 3; i++) {
      await bundle.call({ signal });
      counts.push(listeners);
    }
    expect(counts).toEqual([0, 0, 0]);
  });
});
