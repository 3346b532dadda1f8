import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { ServiceHandler, type ServiceOptions } from "../../src/agents/service/service.js";
import type { Outcome } from "../../src/pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../src/pipeline/ports/queue.js";
import { HandRun, received } from "../support/agent-bundle.js";

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const servers: Server[] = [];
const handlers: ServiceHandler[] = [];
afterEach(async () => {
  await Promise.all(handlers.splice(0).map((handler) => handler.stop()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A service that answers so, and a handler that posts to it. */
async function service(answer: Answer, options: Partial<ServiceOptions> = {}) {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => answer(request, response, body));
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const handler = handlerFor(port, options);
  await handler.start();
  const run = new HandRun();
  const post = (message: ReceivedMessage = received("{}")): Promise<Outcome> => handler.run(message, run);
  return { server, handler, run, post, port };
}

function handlerFor(port: number, options: Partial<ServiceOptions> = {}) {
  const handler = new ServiceHandler({ url: `http://127.0.0.1:${port}/run`, queueName: "tasks", ...options });
  handlers.push(handler);
  return handler;
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const always =
  (status: number, headers: Record<string, string> = {}, text = ""): Answer =>
  (_, response) => {
    response.writeHead(status, headers).end(text);
  };
/** Answers the first request with success: the service is ready from then on. */
const onceReady = (answer: Answer): Answer => {
  let ready = false;
  return (request, response, body) => {
    if (ready) return answer(request, response, body);
    ready = true;
    response.end();
  };
};
const errorOf = (outcome: Outcome) => (outcome.kind === "retry" ? String(outcome.error) : outcome.kind);

describe("A service", () => {
  test("gets the body, and the headers that Elastic Beanstalk's worker daemon sends", async () => {
    const seen: { request: IncomingMessage; body: string }[] = [];
    const { post, run } = await service((request, response, body) => {
      seen.push({ request, body });
      response.end();
    });
    run.idempotency = { key: "order-1", fence: 3 };
    const body = JSON.stringify({ text: "ü\u2028".repeat(1000) });
    expect(
      await post(
        received(body, {
          id: "m-1",
          receiveCount: 3,
          senderId: "AIDAEXAMPLE:worker",
          firstReceivedAt: 1_700_000_007_000,
          groupId: "tenant ü",
          attributes: [
            ["kind", { type: "String", string: "order" }],
            ["evil", { type: "String", string: "a\r\nX-Aws-Sqsd-Msgid: forged" }],
            ["__proto__", { type: "String", string: "polluted" }],
            ["bytes", { type: "Binary", binary: new Uint8Array([0, 255]) }],
            ["tries", { type: "Number.int", string: "3" }],
            ["beanstalk.sqsd.task_name", { type: "String", string: "of no task" }],
            ["huge", { type: "String", string: "x".repeat(100_000) }],
          ],
        }),
      ),
    ).toEqual({ kind: "done" });
    const { request } = seen[0]!;
    expect(seen[0]!.body).toBe(body);
    expect(request.method).toBe("POST");
    expect(request.url).toBe("/run");
    expect(request.headers).toMatchObject({
      "user-agent": expect.stringMatching(/^aws-sqsd\//),
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      "x-aws-sqsd-msgid": "m-1",
      "x-aws-sqsd-queue": "tasks",
      "x-aws-sqsd-receive-count": "3",
      "x-aws-sqsd-first-received-at": "2023-11-14T22:13:27Z",
      "x-aws-sqsd-attr-kind": "order",
      "x-aws-sqsd-attr-evil": "a%0D%0AX-Aws-Sqsd-Msgid: forged",
      "x-aws-sqsd-attr-__proto__": "polluted",
      "x-aws-sqsd-attr-tries": "3",
      "x-aws-sqsd-attr-beanstalk.sqsd.task_name": "of no task",
      "x-queuehand-attribute-types": "tries=Number.int",
      "x-aws-sqsd-sent-at": "2023-11-14T22:13:20Z",
      "x-aws-sqsd-sender-id": "AIDAEXAMPLE:worker",
      "x-queuehand-idempotency-key": "order-1",
      "x-queuehand-idempotency-fence": "3",
      "x-queuehand-group-id": "tenant %C3%BC",
    });
    for (const name of ["attr-huge", "attr-bytes", "path", "taskname", "scheduled-at"]) {
      expect(request.headers).not.toHaveProperty(`x-aws-sqsd-${name}`);
    }
  });

  test("gets bytes as bytes where the body was no text", async () => {
    const seen: Buffer[] = [];
    const types: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      request.on("data", (part: Buffer) => seen.push(part));
      request.on("end", () => response.end());
      types.push(request.headers["content-type"]);
    });
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const bytes = new Uint8Array([0, 255, 10]);
    const message = { ...received("AP8K"), decoded: { raw: "AP8K", bytes } };
    const handler = handlerFor((server.address() as AddressInfo).port);
    expect(await handler.run(message, new HandRun())).toEqual({ kind: "done" });
    expect(Uint8Array.from(Buffer.concat(seen))).toEqual(bytes);
    expect(types).toEqual(["application/octet-stream"]);
  });

  test.each([
    ["/nightly", "/nightly"],
    ["/a b?c=d e#f", "/a%20b?c=d%20e"],
    ["//elsewhere.example/x", "//elsewhere.example/x"],
    ["/../x", "/x"],
    ["/\\elsewhere.example", "//elsewhere.example"],
  ])("gets a scheduled task of Elastic Beanstalk's daemon at its path %s, without a body", async (path, url) => {
    const seen: { request: IncomingMessage; body: string }[] = [];
    const { post } = await service((request, response, body) => {
      seen.push({ request, body });
      response.end();
    });
    const text = (string: string) => ({ type: "String", string });
    const attributes: [string, ReturnType<typeof text>][] = [
      ["beanstalk.sqsd.path", text(path)],
      ["beanstalk.sqsd.task_name", text("nightly")],
      ["beanstalk.sqsd.scheduled_time", text("2026-11-28T15:00:00Z")],
      ["own", text("x")],
    ];
    await post(received("elasticbeanstalk scheduled job", { senderId: "AIDA", attributes }));
    expect(seen).toHaveLength(1);
    const { request, body } = seen[0]!;
    expect([request.url, body, request.headers["content-length"]]).toEqual([url, "", "0"]);
    expect(
      Object.entries(request.headers)
        .filter(([name]) => name.startsWith("x-aws-sqsd-"))
        .sort(),
    ).toEqual([
      ["x-aws-sqsd-attr-own", "x"],
      ["x-aws-sqsd-first-received-at", expect.any(String)],
      ["x-aws-sqsd-msgid", "message-1"],
      ["x-aws-sqsd-path", path],
      ["x-aws-sqsd-queue", "tasks"],
      ["x-aws-sqsd-receive-count", "1"],
      ["x-aws-sqsd-scheduled-at", "2026-11-28T15:00:00Z"],
      ["x-aws-sqsd-sender-id", "AIDA"],
      ["x-aws-sqsd-sent-at", "2023-11-14T22:13:20Z"],
      ["x-aws-sqsd-taskname", "nightly"],
    ]);
  });

  test("takes a path that is none for an attribute like others", async () => {
    const seen: string[] = [];
    const { post } = await service((request, response, body) => {
      seen.push(`${request.url} ${body} ${request.headers["x-aws-sqsd-attr-beanstalk.sqsd.path"]}`);
      response.end();
    });
    const path = "http://elsewhere.example/";
    await post(received("{}", { attributes: [["beanstalk.sqsd.path", { type: "String", string: path }]] }));
    expect(seen).toEqual([`/run {} ${path}`]);
  });

  test.each([
    [200, { kind: "done" }],
    [204, { kind: "done" }],
    [422, { kind: "reject", reason: "the service answered 422: no such order" }],
  ])("ends a run with status %d", async (status, outcome) => {
    const { post } = await service(always(status, {}, status === 204 ? "" : "no such order"));
    expect(await post()).toEqual(outcome);
  });

  test.each([
    [400, /answered 400: oops/],
    [403, /answered 403: oops/],
    [404, /answered 404: oops/],
    [409, /answered 409: oops/],
    [500, /answered 500: oops/],
    [503, /answered 503: oops/],
  ])("makes it come again with status %d, which a framework may answer by itself", async (status, error) => {
    const { post } = await service(onceReady(always(status, {}, "oops")));
    await post();
    const outcome = await post();
    expect(errorOf(outcome)).toMatch(error);
    expect(outcome).not.toHaveProperty("afterSeconds");
  });

  test.each([
    [429, "30", 30],
    [503, "0", 0],
    [503, "999999999", 43_200],
    [429, new Date(0).toUTCString(), 0],
    [429, "soon", undefined],
    [500, "30", undefined],
  ])("may say when: %d with Retry-After %s", async (status, retryAfter, seconds) => {
    const { post } = await service(onceReady(always(status, { "Retry-After": retryAfter })));
    await post();
    const outcome = (await post()) as { kind: string; afterSeconds?: number };
    expect([outcome.kind, outcome.afterSeconds]).toEqual(["retry", seconds]);
  });

  test("may give a date in Retry-After", async () => {
    const { post } = await service(
      onceReady(always(503, { "Retry-After": new Date(Date.now() + 60_000).toUTCString() })),
    );
    await post();
    const { afterSeconds } = (await post()) as { afterSeconds: number };
    expect(afterSeconds).toBeGreaterThan(50);
    expect(afterSeconds).toBeLessThanOrEqual(60);
  });

  test.each([
    [[400, 410], 400, "reject"],
    [[400, 410], 422, "retry"],
    [[503], 503, "reject"],
    [[], 422, "retry"],
  ])("rejects by the statuses that are named: of %j, %d is %s", async (rejected, status, kind) => {
    const { post } = await service(always(status), { rejected });
    expect((await post()).kind).toBe(kind);
  });

  test("is not followed when it redirects", async () => {
    let hits = 0;
    const { post } = await service((_, response) => {
      hits++;
      response.writeHead(307, { Location: "http://169.254.170.2/v2/credentials" }).end();
    });
    expect(errorOf(await post())).toMatch(/answered 307: redirects aren't followed/);
    expect(hits).toBe(1);
  });

  test("is kept connected from message to message", async () => {
    const ports = new Set<number | undefined>();
    const { post } = await service((request, response) => {
      ports.add(request.socket.remotePort);
      response.end("ok");
    });
    for (let n = 0; n < 5; n++) await post();
    expect(ports.size).toBe(1);
  });

  test("may close an idle connection: the message is sent again on another", async () => {
    const { post, server } = await service(always(200));
    await post();
    // Destroyed as the next request arrives, before it is answered: what a keep-alive timeout looks like in a race.
    let first = true;
    server.prependListener("request", (request) => {
      if (first) request.socket.destroy();
      first = false;
    });
    expect(await post()).toEqual({ kind: "done" });
    expect(first).toBe(false);
  });

  test("that is away defers the message, which isn't at fault", async () => {
    const handler = handlerFor(await closedPort());
    expect(await handler.run(received("{}"), new HandRun())).toEqual({
      kind: "defer",
      reason: expect.stringMatching(/no service: .*ECONNREFUSED/),
    });
  });

  test("that hangs up makes the message come again", async () => {
    const { post } = await service((request) => request.socket.destroy());
    expect(errorOf(await post())).toMatch(/no answer from the service/);
  });

  test("that answers without end is cut off; its status counts", async () => {
    const { post } = await service((_, response) => {
      response.writeHead(200);
      const pour = () => {
        while (response.write("x".repeat(65_536)));
        response.once("drain", pour);
      };
      pour();
      response.on("error", () => {});
    });
    expect(await post()).toEqual({ kind: "done" });
  });

  test("that never answers loses its connection when the run is aborted", async () => {
    let closed: () => void = () => {};
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { post, run } = await service((request) => request.socket.on("close", closed));
    const posted = post();
    await sleep(50);
    run.abort("timeout");
    expect(errorOf(await posted)).toMatch(/aborted/);
    await gone;
  });
});

describe("A service that warms up", () => {
  test("defers with 503 until it has answered otherwise, and again after it was gone", async () => {
    let status = 503;
    const { post, handler, server, port } = await service((_, response) => {
      response.writeHead(status, status === 503 ? { "Retry-After": "7" } : {}).end("loading");
    });
    const warming = {
      kind: "defer",
      reason: "the service isn't ready: the service answered 503: loading",
      afterSeconds: 7,
    };
    expect(await post()).toEqual(warming);
    expect(await post()).toEqual(warming);
    status = 500;
    expect((await post()).kind).toBe("retry");
    status = 503;
    // Now it is a word about this message, or about its load.
    expect(await post()).toMatchObject({ kind: "retry", afterSeconds: 7 });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await handler.run(received("{}"), new HandRun())).toMatchObject({ kind: "defer" });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    expect(await post()).toEqual(warming);
  });

  test("gets no message before its path says that it is ready", async () => {
    let ready = false;
    let questions = 0;
    const asked: string[] = [];
    const { server, handler, port } = await service(
      (request, response) => {
        asked.push(`${request.method} ${request.url}`);
        const isHealth = request.url === "/health?deep=1";
        response.writeHead(isHealth ? (ready ? 204 : 503) : ready ? 200 : 503).end();
        // It takes its second question as the sign to be ready.
        if (isHealth && ++questions === 2) ready = true;
      },
      { readyPath: "/health?deep=1", readyMs: 20_000 },
    );
    expect(ready).toBe(true);
    expect(new Set(asked)).toEqual(new Set(["GET /health?deep=1"]));
    asked.length = 0;
    expect(await handler.run(received("{}"), new HandRun())).toEqual({ kind: "done" });
    expect(asked).toEqual(["GET /health?deep=1", "POST /run"]);

    // It begins anew behind an address that goes on to answer.
    ready = false;
    expect(await handler.run(received("{}"), new HandRun())).toMatchObject({
      kind: "defer",
      reason: expect.stringContaining("isn't ready"),
    });
    expect(await handler.run(received("{}"), new HandRun())).toEqual({
      kind: "defer",
      reason: "the service isn't ready: /health answers 503",
    });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const late = handlerFor(port, { readyPath: "/health" });
    expect(await late.run(received("{}"), new HandRun())).toMatchObject({
      kind: "defer",
      reason: expect.stringMatching(/isn't ready: .*ECONNREFUSED/),
    });
  });

  test("is reached by localhost, whichever address it listens on", async () => {
    const { port } = await service(always(200));
    const handler = new ServiceHandler({ url: `http://localhost:${port}/run`, queueName: "tasks" });
    handlers.push(handler);
    await handler.start();
    expect(await handler.run(received("{}"), new HandRun())).toEqual({ kind: "done" });
    const gone = new ServiceHandler({ url: `http://localhost:${await closedPort()}/run`, queueName: "tasks" });
    handlers.push(gone);
    expect(await gone.run(received("{}"), new HandRun())).toEqual({
      kind: "defer",
      reason: expect.stringMatching(/^no service: \S+/),
    });
  });
});

describe("The start", () => {
  test("waits until the service accepts connections", async () => {
    const port = await closedPort();
    const handler = handlerFor(port, { readyMs: 10_000 });
    const started = handler.start();
    const server = createServer((_, response) => void response.end());
    servers.push(server);
    await sleep(300);
    server.listen(port, "127.0.0.1");
    await started;
    expect(await handler.run(received("{}"), new HandRun())).toEqual({ kind: "done" });
  });

  test("gives up after a while, and says what to do", async () => {
    const port = await closedPort();
    await expect(handlerFor(port, { readyMs: 300 }).start()).rejects.toThrow(
      /accepted no connection for 0\.3 s \(.*ECONNREFUSED.*\); is the service running\?/,
    );
    const { port: open } = await service(always(404));
    await expect(handlerFor(open, { readyPath: "/health", readyMs: 300 }).start()).rejects.toThrow(
      "wasn't ready for 0.3 s (/health answers 404); is the service running?",
    );
  });

  test("ends at once when the worker is stopped meanwhile", async () => {
    const stop = new AbortController();
    const started = handlerFor(await closedPort()).start(stop.signal);
    stop.abort();
    await started;
  });
});

describe("a service that uses budgets", () => {
  const uses = ["model"];

  test.each([429, 503])("hands its provider's word on with %i: no failure of the message's", async (status) => {
    const { post } = await service(
      (_request, response) => response.writeHead(status, { "retry-after": "7" }).end("slow"),
      {
        uses,
      },
    );
    expect(await post()).toEqual({
      kind: "defer",
      reason: `the service answered ${status}: slow`,
      afterSeconds: 7,
      busy: { model: 7 },
    });
  });

  test("tells what a message took by a header", async () => {
    const { post, run } = await service(
      (_request, response) => response.writeHead(200, { "x-queuehand-took": "model=2, model.tokens=1830.5" }).end(),
      { uses },
    );
    expect(await post()).toEqual({ kind: "done" });
    expect(run.totals).toEqual({ model: 2, "model.tokens": 1830.5 });
  });
});
