import { readFileSync } from "node:fs";
import { request as forward } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { killCommands, RunningCommand } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { QueueServer } from "../support/fauxqs-server.js";
import { closeServer } from "../support/loopback.js";

const FOLDER = join(process.cwd(), "test", "support", "tls");
const CERTIFICATE = join(FOLDER, "cert.pem");
/** A million bytes: nearly as much as SQS takes. */
const LARGE = "ä✓".repeat(200_000);

describe("a queue behind TLS", () => {
  let queues: QueueServer;
  let front: Server;
  const connections: { readonly name: unknown; readonly resumed: boolean; readonly protocol: unknown }[] = [];

  beforeAll(async () => {
    queues = await QueueServer.start();
    const options = { key: readFileSync(join(FOLDER, "key.pem")), cert: readFileSync(CERTIFICATE) };
    front = createServer({ ...options, ALPNProtocols: ["http/1.1"] }, (call, answer) => {
      const { method, url, headers } = call;
      const behind = forward({ host: "127.0.0.1", port: queues.server.port, method, path: url, headers }, (said) => {
        answer.writeHead(said.statusCode!, said.headers);
        said.pipe(answer);
      });
      call.pipe(behind);
    });
    // So that connections come to their end, and new ones are made.
    front.maxRequestsPerSocket = 5;
    front.on("secureConnection", (socket: TLSSocket & { servername?: unknown }) => {
      connections.push({
        name: socket.servername,
        resumed: socket.isSessionReused(),
        protocol: socket.alpnProtocol,
      });
    });
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  });
  afterEach(killCommands);
  afterAll(async () => {
    await closeServer(front);
    await queues.stop();
  });

  const run = (SQS_QUEUE_URL: string, env: Record<string, string> = {}) =>
    new RunningCommand(["run"], {
      env: {
        ...queues.env,
        AWS_ENDPOINT_URL: `https://localhost:${(front.address() as AddressInfo).port}`,
        SQS_QUEUE_URL,
        HANDLER: "exec:/usr/bin/wc -m",
        SQS_TRANSPORT: "wire",
        HTTP_PORT: "off",
        METRICS: "off",
        LOG_LEVEL: "debug",
        POLL_INTERVAL_SECONDS: "1",
        ...env,
      },
    });

  test("is worked off, large bodies and all, on connections that resume their sessions", async () => {
    const queue = await queues.queue("behind-tls");
    const send = (MessageBody: string) => queues.client.send(new SendMessageCommand({ QueueUrl: queue, MessageBody }));
    await send(LARGE);
    for (let i = 0; i < 30; i++) await send(`message ${i}`);
    const worker = run(queue, { NODE_EXTRA_CA_CERTS: CERTIFICATE });
    const done = () => Promise.resolve(worker.stdout.match(/"outcome":"done"/g)?.length ?? 0);
    expect(await eventually(done, (count) => count === 31, 30_000)).toBe(31);
    worker.kill("SIGTERM");
    expect(await worker.exited).toBe(0);
    expect(await queues.messages(queue)).toEqual([]);
    expect(new Set(connections.map(({ name, protocol }) => `${name} ${protocol}`))).toEqual(
      new Set(["localhost http/1.1"]),
    );
    expect(connections.some(({ resumed }) => resumed)).toBe(true);
  }, 60_000);

  test("is not spoken to where its certificate isn't known", async () => {
    const queue = await queues.queue("behind-unknown-tls");
    const worker = run(queue);
    await worker.says(/self-signed certificate/);
    worker.kill("SIGTERM");
    expect(await worker.exited).toBe(0);
  }, 60_000);
});
