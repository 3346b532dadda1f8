import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { S3Payloads } from "../../../../src/aws/s3/s3-payload.js";
import { closeServer, listenOnLoopback } from "../../../support/loopback.js";

const never = new AbortController().signal;
const pointer = { bucket: "large", key: "a folder/é" };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const xmlError =
  (status: number, code: string): Answer =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/xml" });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>said S3</Message></Error>`);
  };

/** A server that answers as S3 might, and what it was asked for. */
class FakeS3 {
  readonly asked: string[] = [];
  /** Responses whose sockets were closed before their end. */
  cut = 0;
  answer: Answer = (_, response) => response.end();
  readonly #server = createServer((request, response) => {
    this.asked.push(`${request.method} ${request.url}`);
    response.on("close", () => {
      if (!response.writableFinished) this.cut++;
    });
    this.answer(request, response);
  });

  start(): Promise<string> {
    return listenOnLoopback(this.#server);
  }

  stop(): Promise<void> {
    return closeServer(this.#server);
  }
}

describe("Payloads in S3", () => {
  let s3: FakeS3;
  let payloads: S3Payloads;
  beforeEach(async () => {
    s3 = new FakeS3();
    payloads = new S3Payloads({
      endpoint: await s3.start(),
      region: "us-east-1",
      credentials: async () => ({ accessKeyId: "test", secretAccessKey: "test" }),
    });
  });
  afterEach(async () => {
    payloads.close();
    await s3.stop();
  });

  test("that can't be written are told by what S3 said, without advice on the SDK's insides", async () => {
    s3.answer = (request, response) => {
      request.resume();
      response.writeHead(404, { "content-type": "application/xml" });
      response.end("<Error><Code>NoSuchBucket</Code>&<");
    };
    const failure = (await payloads.write(pointer, "x".repeat(2_000_000), never).catch((error) => error)) as Error;
    expect(failure.message).toMatch(/^its payload can't be written to s3:\/\/large: [^\n]+$/);
    expect(failure.message).not.toMatch(/\$response|hidden field|stream/);
  });

  test("are read whole, up to the bound", async () => {
    s3.answer = (_, response) => response.end("héllo");
    expect(await payloads.read(pointer, 6, never)).toEqual({ kind: "read", body: "héllo" });
    expect(s3.asked).toEqual(["GET /large/a%20folder/%C3%A9?x-id=GetObject"]);
    expect(await payloads.read(pointer, 5, never)).toEqual({ kind: "tooLarge", bytes: 6 });
  });

  test("that say they are too large aren't read at all", async () => {
    s3.answer = (_, response) => {
      response.writeHead(200, { "content-length": 10_000_000_000 });
      response.write("x");
    };
    expect(await payloads.read(pointer, 1_000, never)).toEqual({ kind: "tooLarge", bytes: 10_000_000_000 });
  });

  test("that don't say how large they are are read up to the bound, and their connection is cut", async () => {
    let written = 0;
    s3.answer = (_, response) => {
      const chunk = "x".repeat(65_536);
      const more = () => {
        written += chunk.length;
        if (response.write(chunk)) setImmediate(more);
        else response.once("drain", more);
      };
      more();
    };
    expect(await payloads.read(pointer, 1_000_000, never)).toMatchObject({ kind: "tooLarge" });
    while (s3.cut === 0) await new Promise(setImmediate);
    expect(written).toBeLessThan(20_000_000);
  });

  test("have to be UTF-8; a byte order mark is part of it", async () => {
    s3.answer = (_, response) => response.end(Buffer.from([0x66, 0xff]));
    expect(await payloads.read(pointer, 10, never)).toEqual({ kind: "notText" });
    s3.answer = (_, response) => response.end("\u{feff}{}");
    expect(await payloads.read(pointer, 10, never)).toEqual({ kind: "read", body: "\u{feff}{}" });
  });

  test("are missing when S3 says so of the key, and not of the bucket", async () => {
    s3.answer = xmlError(404, "NoSuchKey");
    expect(await payloads.read(pointer, 10, never)).toEqual({ kind: "missing" });
    s3.answer = xmlError(404, "NoSuchBucket");
    expect(await payloads.read(pointer, 10, never)).toEqual({ kind: "unavailable", detail: "NoSuchBucket: said S3" });
  });

  test("are unavailable where access is denied, or S3 is down after some tries", async () => {
    s3.answer = xmlError(403, "AccessDenied");
    expect(await payloads.read(pointer, 10, never)).toEqual({ kind: "unavailable", detail: "AccessDenied: said S3" });
    expect(s3.asked).toHaveLength(1);
    s3.answer = xmlError(500, "InternalError");
    expect(await payloads.read(pointer, 10, never)).toEqual({ kind: "unavailable", detail: "InternalError: said S3" });
    expect(s3.asked).toHaveLength(4);
    s3.answer = (_, response) => {
      response.writeHead(200, { "content-length": 10 });
      response.write("half");
      response.destroy();
    };
    expect(await payloads.read(pointer, 10, never)).toMatchObject({ kind: "unavailable" });
  });

  test("are given up when their signal aborts, before the answer and in the middle of it", async () => {
    for (const answer of [() => {}, (_: unknown, response: ServerResponse) => void response.write("x")] as Answer[]) {
      const stop = new AbortController();
      s3.answer = (request, response) => {
        answer(request, response);
        setTimeout(() => stop.abort(new Error("told to stop")), 50);
      };
      expect(await payloads.read(pointer, 10, stop.signal)).toEqual({
        kind: "unavailable",
        detail: "Error: told to stop",
      });
    }
  });

  test("are removed and written", async () => {
    s3.answer = (request, response) => {
      request.resume();
      response.writeHead(request.method === "DELETE" ? 204 : 200).end();
    };
    await payloads.remove(pointer, never);
    await payloads.write({ bucket: "large", key: "k" }, "hello", never);
    expect(s3.asked).toEqual(["DELETE /large/a%20folder/%C3%A9?x-id=DeleteObject", "PUT /large/k?x-id=PutObject"]);
    s3.answer = xmlError(404, "NoSuchBucket");
    await expect(payloads.write(pointer, "hello", never)).rejects.toThrow(
      "its payload can't be written to s3://large: NoSuchBucket: said S3",
    );
  });
});
