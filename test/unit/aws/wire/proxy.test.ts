import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { describe, expect, test } from "@jest/globals";
import { makeSqsClient } from "../../../../src/aws/sqs/sqs-client.js";
import { SqsQueue } from "../../../../src/aws/sqs/sqs-queue.js";
import { spareOwnHosts } from "../../../../src/aws/wire/proxy.js";
import { environment } from "../../../support/environment.js";
import { ForwardProxy } from "../../../support/forward-proxy.js";
import { NullServer } from "../../../support/null-server.js";
import { never } from "../../../support/sqs-bundle.js";

/** A host that no name server knows: only by the proxy is there a way. */
const HOST = "sqs.eu-west-1.nowhere.invalid";
const QUEUE = `http://${HOST}/123456789012/queue`;
const SECURE_QUEUE = `https://${HOST}/123456789012/queue`;
const credentials = async () => ({ accessKeyId: "AKIATEST", secretAccessKey: "secret" });

/** A queue server, and a proxy before it that the environment names. */
async function setup(variables: (proxy: string, server: string) => Record<string, string>) {
  const server = await NullServer.start();
  const proxy = await ForwardProxy.start(server.endpoint);
  const env = environment(variables(proxy.url, server.endpoint));
  const queues: SqsQueue[] = [];
  return {
    server,
    proxy,
    queue(queueUrl: string) {
      const queue = new SqsQueue({ queueUrl, visibilityTimeoutSeconds: 120, credentials });
      queues.push(queue);
      return queue;
    },
    async [Symbol.asyncDispose]() {
      for (const queue of queues) queue.close();
      env[Symbol.dispose]();
      await proxy.stop();
      await server.stop();
    },
  };
}

describe("a proxy of the environment", () => {
  test.each(["HTTP_PROXY", "http_proxy"])("is the way of our own calls: %s", async (name) => {
    await using bundle = await setup((proxy) => ({ [name]: proxy }));
    const queue = bundle.queue(QUEUE);
    for (let i = 0; i < 3; i++) expect(await queue.delete(["a"], never)).toEqual([{ ok: true }]);
    expect(bundle.proxy.asked).toEqual(Array(3).fill(`http://${HOST}/`));
    const [call] = await bundle.server.seen("DeleteMessageBatch");
    expect(call!.headers.host).toBe(HOST);
    expect(bundle.proxy.connections).toBe(1);
  });

  test("is the way of the SDK's calls too", async () => {
    await using bundle = await setup((proxy) => ({ HTTP_PROXY: proxy }));
    const client = await makeSqsClient({ queueUrl: QUEUE, credentials, region: "eu-west-1" });
    await client.send(new GetQueueAttributesCommand({ QueueUrl: QUEUE }));
    expect(bundle.proxy.asked).toEqual([`http://${HOST}/`]);
    client.destroy();
  });

  test("is asked for a tunnel where the call is encrypted, by HTTPS_PROXY and not by HTTP_PROXY", async () => {
    await using bundle = await setup((proxy) => ({ HTTPS_PROXY: proxy }));
    const queue = bundle.queue(SECURE_QUEUE);
    await expect(queue.delete(["a"], never)).rejects.toMatchObject({ kind: "unreachable" });
    expect(bundle.proxy.asked).toEqual([`CONNECT ${HOST}:443`]);
    await expect(bundle.queue(QUEUE).delete(["a"], never)).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
    expect(bundle.proxy.asked).toHaveLength(1);
  });

  test.each([HOST, ".nowhere.invalid", "*"])("isn't asked for what NO_PROXY names: %s", async (NO_PROXY) => {
    await using bundle = await setup((proxy) => ({ HTTP_PROXY: proxy, NO_PROXY }));
    await expect(bundle.queue(QUEUE).delete(["a"], never)).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
    expect(bundle.proxy.asked).toEqual([]);
  });

  test("isn't asked for loopback", async () => {
    await using bundle = await setup((proxy) => ({ HTTP_PROXY: proxy, HTTPS_PROXY: proxy, ALL_PROXY: proxy }));
    expect(await bundle.queue(bundle.server.queueUrl).delete(["a"], never)).toEqual([{ ok: true }]);
    expect(bundle.proxy.asked).toEqual([]);
  });

  test("costs one connection for calls one after the other where it is passed over, too", async () => {
    await using bundle = await setup((proxy) => ({ HTTP_PROXY: proxy }));
    const queue = bundle.queue(bundle.server.queueUrl);
    for (let i = 0; i < 3; i++) await queue.delete(["a"], never);
    const calls = await bundle.server.seen("DeleteMessageBatch", 3);
    expect(new Set(calls.map(({ connection }) => connection)).size).toBe(1);
  });

  test("of another kind than HTTP is none", async () => {
    await using bundle = await setup(() => ({ ALL_PROXY: "socks5://127.0.0.1:9" }));
    expect(await bundle.queue(bundle.server.queueUrl).delete(["a"], never)).toEqual([{ ok: true }]);
  });
});

describe("Node's own use of a proxy", () => {
  test("spares loopback and the endpoints that a task learns of itself by", () => {
    const env: NodeJS.ProcessEnv = { NODE_USE_ENV_PROXY: "1", HTTP_PROXY: "http://proxy:3128", NO_PROXY: ".internal" };
    spareOwnHosts(env);
    expect(env.NO_PROXY?.split(",")).toEqual(expect.arrayContaining([".internal", "localhost", "169.254.170.2"]));
  });

  test("isn't touched where Node wasn't told to use it", () => {
    const env: NodeJS.ProcessEnv = { HTTP_PROXY: "http://proxy:3128" };
    spareOwnHosts(env);
    expect(env).toEqual({ HTTP_PROXY: "http://proxy:3128" });
  });
});
