import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ConnectionPool } from "../../../../../src/aws/wire/http/connection-pool.js";
import type { HttpRequest } from "../../../../../src/aws/wire/http-calls.js";
import { StaleConnection } from "../../../../../src/aws/wire/stale-connection.js";

type Reply = (socket: Socket) => void;

const say =
  (text: string, ...headers: string[]): Reply =>
  (socket) =>
    socket.write(["HTTP/1.1 200 OK", `content-length: ${Buffer.byteLength(text)}`, ...headers, "", text].join("\r\n"));
const OK = say("{}");

describe("a pool of connections", () => {
  let server: Server;
  let pool: ConnectionPool;
  /** What each connection wrote. */
  let heard: string[];
  let sockets: Socket[];
  let replies: Reply[];

  beforeEach(async () => {
    heard = [];
    sockets = [];
    replies = [];
    server = createServer((socket) => {
      const index = sockets.push(socket) - 1;
      heard[index] = "";
      socket.on("error", () => {});
      socket.on("data", (bytes) => {
        heard[index] += bytes.toString();
        if (heard[index]!.endsWith("END")) (replies.shift() ?? OK)(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    pool = new ConnectionPool({ host: "localhost", port, path: "/a%20b/", secure: false, connectTimeoutMs: 5_000 });
  });
  afterEach(async () => {
    pool.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  const post = (more: Partial<HttpRequest> = {}) =>
    pool.post({
      headers: { host: "somewhere", "x-amz-date": "today" },
      body: "END",
      signal: new AbortController().signal,
      timeoutMs: 20_000,
      ...more,
    });
  /** Resolves when the server's side of a connection has ended. */
  const closed = (socket: Socket) => socket.closed || new Promise((resolve) => socket.once("close", resolve));

  test("writes a request as HTTP/1.1 has it, whatever its body is made of", async () => {
    await post({ body: "✓ END" });
    expect(heard[0]).toBe(
      "POST /a%20b/ HTTP/1.1\r\nhost: somewhere\r\nx-amz-date: today\r\ncontent-length: 7\r\nconnection: keep-alive\r\n\r\n✓ END",
    );
  });

  test("makes calls one after the other on one connection, and at the same time on several", async () => {
    await post();
    await post();
    expect(sockets).toHaveLength(1);
    await Promise.all([post(), post(), post()]);
    expect(sockets).toHaveLength(3);
  });

  test("reads an answer that comes byte by byte", async () => {
    replies.push((socket) => {
      const bytes = Buffer.from("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n✓!\r\n0\r\n\r\n");
      let at = 0;
      const next = () => at < bytes.length && socket.write(bytes.subarray(at, ++at), () => setImmediate(next));
      next();
    });
    expect((await post()).text).toBe("✓!");
  });

  test("reads an answer that is larger than what a socket gives at once, while others come", async () => {
    const large = "0123456789abcdef".repeat(65_536);
    replies.push(say(large), say(large.toUpperCase()), say("small"));
    const texts = (await Promise.all([post(), post(), post()])).map(({ text }) => text);
    expect(texts.sort((a, b) => a.length - b.length)[0]).toBe("small");
    expect(new Set(texts)).toEqual(new Set(["small", large, large.toUpperCase()]));
  });

  test.each([
    ["says that it closes", say("{}", "connection: close")],
    ["says that it closes within a second", say("{}", "keep-alive: timeout=1")],
    [
      "has told more than was asked",
      (socket: Socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}{}"),
    ],
  ])("leaves a connection whose server %s", async (_, reply) => {
    replies.push(reply);
    await post();
    await post();
    expect(sockets).toHaveLength(2);
  });

  test("leaves a connection on which something comes unasked", async () => {
    await post();
    sockets[0]!.write("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n");
    await closed(sockets[0]!);
    expect((await post()).head.statusCode).toBe(200);
    expect(sockets).toHaveLength(2);
  });

  test("tells a kept connection that was closed before its answer from one that was cut", async () => {
    await post();
    replies.push((socket) => socket.resetAndDestroy());
    await expect(post()).rejects.toBeInstanceOf(StaleConnection);
    replies.push((socket) => socket.resetAndDestroy());
    const fresh = post();
    await expect(fresh).rejects.toMatchObject({ code: "ECONNRESET" });
    await expect(fresh).rejects.not.toBeInstanceOf(StaleConnection);
  });

  test("gives what came of an answer that was cut", async () => {
    replies.push((socket) => {
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf");
    });
    const broken: string[] = [];
    await expect(post({ onBroken: (text) => broken.push(text) })).rejects.toMatchObject({
      code: "ECONNRESET",
      message: "the connection was cut in mid-answer",
    });
    expect(broken).toEqual(["half"]);
  });

  test("ends a call by its signal, by its timeout, and by the pool's end, and its connection with it", async () => {
    const silence: Reply = () => {};
    replies.push(silence, silence, silence);
    const cut = new AbortController();
    const aborted = post({ signal: cut.signal });
    await Promise.all([
      expect(aborted).rejects.toThrow("enough"),
      new Promise((resolve) => setImmediate(resolve)).then(() => cut.abort(new Error("enough"))),
    ]);
    await expect(post({ timeoutMs: 20 })).rejects.toMatchObject({
      name: "TimeoutError",
      message: "no answer after 20 ms",
    });
    const running = post();
    pool.close();
    await expect(running).rejects.toThrow("closed");
    for (const socket of sockets) await closed(socket);
  });

  test("ends a call whose signal has aborted already", async () => {
    await expect(post({ signal: AbortSignal.abort(new Error("too late")) })).rejects.toThrow("too late");
  });

  test("refuses an answer that is no HTTP", async () => {
    replies.push((socket) => socket.write("220 mail ready\r\n\r\n"));
    await expect(post()).rejects.toMatchObject({ code: "EPROTO" });
  });

  test("writes no header that ends another", async () => {
    await expect(post({ headers: { "x-amz-security-token": "a\r\nx: y" } })).rejects.toThrow(/x-amz-security-token/);
  });
});
