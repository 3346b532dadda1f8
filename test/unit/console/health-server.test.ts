import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { HealthServer, type HealthServerParts } from "../../../src/console/health-server.js";
import type { WorkerStatus } from "../../../src/pipeline/ports/status.js";
import type { Fact } from "../../../src/pipeline/ports/telemetry.js";
import { FakeClock } from "../../support/fake-clock.js";

const opened: { stop(): Promise<void> }[] = [];
const clients: Socket[] = [];
afterEach(async () => {
  for (const each of clients.splice(0)) each.destroy();
  for (const each of opened.splice(0)) await each.stop();
});

async function setup(options: Partial<HealthServerParts> = {}) {
  const facts: Fact[] = [];
  const world = { state: "running" as WorkerStatus["state"], hungAgents: 0 };
  const server = new HealthServer({
    host: "127.0.0.1",
    port: 0,
    status: () => ({
      state: world.state,
      slots: 4,
      busy: 1,
      buffered: 0,
      openPolls: 1,
      settling: 0,
      meanAgentSeconds: 2,
      lastReceiveOkAt: undefined,
    }),
    pulse: {
      receiveTrouble: undefined,
      copyTrouble: undefined,
      lastReceiveAt: undefined,
      handled: 0,
      get hungAgents() {
        return world.hungAgents;
      },
    },
    metrics: async () => "queuehand_slots 4\n",
    clock: new FakeClock(),
    telemetry: (fact) => facts.push(fact),
    ...options,
  });
  opened.push(server);
  const address = await server.start();
  const url = `http://127.0.0.1:${address?.port}`;
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(url + path, init);
    const text = await response.text();
    return { status: response.status, text, json: () => JSON.parse(text), headers: response.headers };
  };
  return { server, address, facts, world, get, url };
}

describe("HealthServer", () => {
  test("takes any free port for 0 and reports it", async () => {
    const { address, facts } = await setup();
    expect(address).toEqual({ host: "127.0.0.1", port: expect.any(Number) });
    expect(address!.port).toBeGreaterThan(0);
    expect(facts).toEqual([{ kind: "listening", ...address }]);
  });

  test("answers /livez with 503 and the reason when the worker is stuck", async () => {
    const { get, world } = await setup();
    const alive = await get("/livez");
    expect([alive.status, alive.json()]).toEqual([200, expect.objectContaining({ ok: true, reasons: [], slots: 4 })]);
    world.hungAgents = 4;
    const stuck = await get("/livez");
    expect([stuck.status, stuck.json().ok]).toEqual([503, false]);
    expect(stuck.json().reasons[0]).toContain("4 slots");
  });

  test("answers /readyz with 503 while the worker drains, and /livez with 200", async () => {
    const { get, world } = await setup();
    expect((await get("/readyz")).status).toBe(200);
    world.state = "draining";
    const response = await get("/readyz");
    expect([response.status, response.json().reasons]).toEqual([503, ["draining"]]);
    expect((await get("/livez")).status).toBe(200);
  });

  test("serves the metrics as Prometheus wants them", async () => {
    const { get } = await setup();
    const { status, text, headers } = await get("/metrics");
    expect([status, text]).toEqual([200, "queuehand_slots 4\n"]);
    expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  });

  test("lists its paths where there is none such", async () => {
    const { get } = await setup({ routes: { "/": (_request, response) => void response.end("console") } });
    const { status, json } = await get("/metric?x=1");
    expect(status).toBe(404);
    expect(json()).toEqual({ error: "there is no /metric", paths: ["/livez", "/readyz", "/metrics", "/"] });
  });

  test("serves what others mount, with any method and a query", async () => {
    const { get } = await setup({
      routes: { "/send": (request, response) => void response.end(`${request.method} ${request.url}`) },
    });
    expect((await get("/send?now=1", { method: "POST" })).text).toBe("POST /send?now=1");
  });

  test("takes GET and HEAD alone for its own pages", async () => {
    const { get } = await setup();
    const { status, headers } = await get("/readyz", { method: "DELETE" });
    expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect((await get("/readyz", { method: "HEAD" })).status).toBe(200);
  });

  test("answers 500 for a page that fails, tells why, and serves the next", async () => {
    const { get, facts } = await setup({ metrics: () => Promise.reject(new Error("no such gauge")) });
    expect((await get("/metrics")).status).toBe(500);
    expect(facts.slice(1)).toEqual([
      { kind: "warning", text: "/metrics could not be served", error: new Error("no such gauge") },
    ]);
    expect((await get("/livez")).status).toBe(200);
  });

  test("goes without its port when another program has it, and says what to do", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const { address, facts, server } = await setup({ port });
    expect(address).toBeUndefined();
    expect(facts).toEqual([
      {
        kind: "warning",
        text: expect.stringContaining(`HTTP_PORT ${port} on 127.0.0.1 is taken by another program`),
        error: expect.anything(),
      },
    ]);
    await server.stop();
    await new Promise((resolve) => other.close(resolve));
  });

  test("says so when the host is no address of this machine", async () => {
    const { address, facts } = await setup({ host: "192.0.2.1" });
    expect(address).toBeUndefined();
    expect(facts[0]).toMatchObject({ text: expect.stringContaining("HTTP_HOST 192.0.2.1") });
  });

  test("refuses headers that no probe sends", async () => {
    const { get } = await setup();
    const { status } = await get("/livez", { headers: { "x-long": "x".repeat(20_000) } });
    expect(status).toBe(431);
  });

  test("stops at once though a client keeps its connection open, and twice without harm", async () => {
    const { server, address, get } = await setup();
    const socket = connect(address!.port, "127.0.0.1");
    await new Promise((resolve) => socket.on("connect", resolve));
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.on("error", () => {});
    await server.stop();
    await server.stop();
    await closed;
    await expect(get("/livez")).rejects.toThrow();
  });

  describe("under clients that mean no good", () => {
    /** A connection that has sent `text`; resolves when it is made. */
    async function connection(port: number, text = ""): Promise<Socket> {
      const socket = connect(port, "127.0.0.1");
      clients.push(socket);
      socket.on("error", () => {});
      await once(socket, "connect");
      if (text) socket.write(text);
      return socket;
    }
    const closed = (socket: Socket) => (socket.closed ? Promise.resolve([]) : once(socket.resume(), "close"));

    test("answers health checks though a thousand connections idle or send slowly", async () => {
      const { address, get } = await setup();
      const texts = ["", "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: a"];
      await Promise.all(Array.from({ length: 1_000 }, (_, n) => connection(address!.port, texts[n % 2])));
      for (const path of ["/livez", "/readyz"]) expect((await get(path)).status).toBe(200);
    });

    test("answers health checks though there are more connections than it has room for", async () => {
      const { address, get } = await setup({ limits: { connections: 20 } });
      const first = await connection(address!.port);
      await Promise.all(Array.from({ length: 40 }, () => connection(address!.port)));
      await closed(first);
      expect((await get("/livez")).status).toBe(200);
    });

    test.each(["", "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "])(
      "closes a connection whose headers don't come in time, whatever else it sends: %j",
      async (begin) => {
        const { address } = await setup({ limits: { headersWithinMs: 60, lookEveryMs: 20 } });
        const slow = await connection(address!.port, begin);
        const drip = setInterval(() => begin && slow.write("a"), 10);
        await closed(slow);
        clearInterval(drip);
      },
    );

    test("closes a connection that idles between two requests", async () => {
      const { address } = await setup({ limits: { idleMs: 20 } });
      await closed(await connection(address!.port, "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
    });

    test("bounds the answers that nobody takes, cuts them in time, and answers health checks beside them", async () => {
      const { address, get } = await setup({
        limits: { answers: 2, answerWithinMs: 2_000 },
        // Nobody ends it: a stream, or a reader who takes nothing.
        routes: { "/stream": (_request, response) => void response.writeHead(200).write("event\n") },
      });
      const ask = "GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
      const viewers = await Promise.all([ask, ask].map((text) => connection(address!.port, text)));
      await Promise.all(viewers.map((viewer) => once(viewer, "data")));
      expect((await get("/metrics")).status).toBe(503);
      expect((await get("/livez")).status).toBe(200);
      expect((await get("/readyz")).status).toBe(200);
      await Promise.all(viewers.map(closed));
      expect((await get("/metrics")).status).toBe(200);
    });

    test("closes a connection that asks again before it was answered", async () => {
      const { address, get } = await setup();
      await closed(await connection(address!.port, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".repeat(1_000)));
      expect((await get("/livez")).status).toBe(200);
    });

    test.each(["Content-Length: 1000000000", "Transfer-Encoding: chunked"])(
      "answers and hears no more of a body that goes on: %s",
      async (header) => {
        const { address } = await setup();
        const endless = await connection(address!.port, `POST /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n${header}\r\n\r\n`);
        const [answer] = await once(endless, "data");
        expect(String(answer)).toMatch(/^HTTP\/1.1 405 /);
        await closed(endless);
      },
    );
  });
});
