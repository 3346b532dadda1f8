import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, describe, expect, test } from "@jest/globals";
import { killCommands } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { createKeyTable } from "../support/key-table.js";
import { AS_MODULE, asProgram, chat, IN_PROCESSES, logged } from "../support/llm-agent.js";
import { closeServer, listenOnLoopback } from "../support/loopback.js";
import { type ModelAnswer, ModelEndpoint, modelCalls, modelSays } from "../support/model-endpoint.js";
import { motoReason, startMoto } from "../support/moto-server.js";
import { RunBundle } from "../support/run-bundle.js";

afterAll(killCommands);

const WAYS = [
  ["as a module", AS_MODULE],
  ["as a module in processes", IN_PROCESSES],
  ["as a program", asProgram()],
] as const;
const TEST_MS = 90_000;
const noMoto = await motoReason();

async function setup(how: Readonly<Record<string, string>>) {
  const model = await ModelEndpoint.start();
  const bundle = await RunBundle.start({ maxReceiveCount: 3 });
  return {
    model,
    bundle,
    run: (env: Readonly<Record<string, string>> = {}) =>
      bundle.run({
        ...how,
        BUDGETS: "model=100/s*8, model.tokens=100000/s",
        MODEL_URL: model.url,
        STATE: bundle.folder,
        VISIBILITY_TIMEOUT: "15",
        RETRY_BACKOFF_SECONDS: "1,1",
        ...env,
      }),
    emptied: () =>
      eventually(
        async () => bundle.left,
        (left) => left === 0,
        60_000,
      ),
    reasons: async () =>
      (await bundle.deadLetters()).map(({ MessageAttributes }) => MessageAttributes?.QueuehandReason?.StringValue),
    async [Symbol.asyncDispose]() {
      await bundle[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
    },
  };
}

describe.each(WAYS)("the agent on a language model, %s,", (_, how) => {
  test(
    "logs what a conversation took and cost",
    async () => {
      await using at = await setup(how);
      at.bundle.send(chat("chat-1"));
      const run = at.run({ USD_IN: "1", USD_OUT: "2" });
      await at.emptied();
      run.kill("SIGTERM");
      await run.exited;
      const took = { turns: 2, inputTokens: 120, outputTokens: 80, usd: 0.00028, usdOfAllRuns: 0.00028 };
      expect(logged(run.stdout, "answered")).toEqual([expect.objectContaining({ conversation: "chat-1", ...took })]);
      expect(logged(run.stdout, "no REPLY_URL takes the answer")).toEqual([
        expect.objectContaining({ conversation: "chat-1", answer: "It has 6 words." }),
      ]);
    },
    TEST_MS,
  );

  test(
    "tells the model what was wrong with its calls of tools, and goes on",
    async () => {
      await using at = await setup(how);
      at.model.script(
        modelCalls("count_words", "{no JSON"),
        modelCalls("launch_rockets", "{}"),
        modelCalls("count_words", '{"text":7}'),
        modelSays({ tool_calls: [{ id: "call-2", type: "function" }] }),
        modelSays({ content: "I give up." }),
      );
      at.bundle.send(chat("chat-1"));
      at.run();
      await at.emptied();
      const results = at.model.asked.at(-1)!.filter(({ role }) => role === "tool");
      expect(results.map(({ content }) => JSON.parse(content!))).toEqual([
        { error: expect.anything() },
        { error: "there is no tool launch_rockets" },
        { error: "count_words takes a text" },
        { error: expect.anything() },
      ]);
      expect(await at.bundle.deadLetters()).toEqual([]);
    },
    TEST_MS,
  );

  test(
    "rejects what can't be answered, with the reason",
    async () => {
      await using at = await setup(how);
      const run = at.run({ CONCURRENCY: "1", TURNS_MAX: "3" });
      const rejected = async (body: string, ...script: ModelAnswer[]) => {
        at.model.script(...script);
        at.bundle.send(body);
        const [dead] = await eventually(
          () => at.reasons(),
          ({ length }) => length > 0,
        );
        return dead;
      };
      const endless = Array.from({ length: 3 }, () => modelCalls("count_words", '{"text":"a"}'));
      expect(await rejected(chat("a"), modelSays({ content: "It has" }, "length"))).toBe(
        "the model's answer was cut by its length, after 40 tokens",
      );
      expect(await rejected(chat("b"), { status: 400, body: { error: "context_length_exceeded" } })).toBe(
        'the model answered 400: {"error":"context_length_exceeded"}',
      );
      expect(await rejected(chat("r"), modelSays({ refusal: "I won't." }))).toBe(
        "the model's answer is a refusal (I won't.), after 40 tokens",
      );
      expect(await rejected(chat("c"), ...endless)).toBe("no answer after 3 turns");
      expect(await rejected('{"id":"d"}')).toContain("the body is no conversation");
      expect(await rejected("not JSON")).toContain("the body is no conversation");
      expect(at.model.asked).toHaveLength(6);
      expect(logged(run.stdout, "not answered").map(({ conversation, turns }) => [conversation, turns])).toEqual([
        ["a", 1],
        ["b", 0],
        ["r", 1],
        ["c", 3],
      ]);
    },
    TEST_MS,
  );

  test(
    "tries again what the model's server breaks, and waits where nobody can be at fault but the deployment",
    async () => {
      await using at = await setup(how);
      at.model.script({ status: 500, body: { error: "oops" } }, { body: { choices: [] } });
      at.bundle.send(chat("chat-1"));
      const run = at.run({ LOG_LEVEL: "debug" });
      await at.emptied();
      expect(at.model.answers).toEqual(["It has 6 words."]);
      at.model.script({ status: 401, body: { error: "wrong key" } });
      at.bundle.send(chat("chat-2"));
      await run.says(/the model answered 401.*message deferred|message deferred.*the model answered 401/);
      expect(at.bundle.left).toBe(1);
      expect(await at.bundle.deadLetters()).toEqual([]);
    },
    TEST_MS,
  );

  test(
    "waits as long as the provider's headers say, and that try isn't counted",
    async () => {
      await using at = await setup(how);
      const headers = { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "200ms" };
      at.model.script(...Array(4).fill({ status: 429, headers, body: { error: "rate limit" } }));
      at.bundle.send(chat("chat-1"));
      at.run();
      await at.emptied();
      expect(at.model.answers).toEqual(["It has 6 words."]);
      expect(await at.bundle.deadLetters()).toEqual([]);
    },
    TEST_MS,
  );

  test(
    "hangs up when its time is up, and goes on with the turn that it was at",
    async () => {
      await using at = await setup(how);
      at.model.script(modelCalls("count_words", '{"text":"to be or not to be"}'), "never");
      at.bundle.send(chat("chat-1"));
      at.run({ HANDLER_TIMEOUT_SECONDS: "3" });
      await at.emptied();
      expect(at.model.hungUp).toBe(1);
      expect(at.model.asked.map(({ length }) => length)).toEqual([1, 3, 3]);
      expect(at.model.answers).toEqual(["It has 6 words."]);
      expect(await at.bundle.deadLetters()).toEqual([]);
    },
    TEST_MS,
  );

  test(
    "answers a signed webhook at REPLY_URL, under the sender's id of the event, and no forged one",
    async () => {
      await using at = await setup(how);
      const replies: { readonly headers: IncomingHttpHeaders; readonly body: unknown }[] = [];
      const taker = createServer(async (request, response) => {
        let text = "";
        for await (const part of request) text += part;
        replies.push({ headers: request.headers, body: JSON.parse(text) });
        // The first time it has no room, so that the answer is handed on again, and the model isn't asked again.
        response.writeHead(replies.length === 1 ? 503 : 204).end();
      });
      const REPLY_URL = await listenOnLoopback(taker);
      const key = Buffer.from("a secret of 24 bytes....");
      const hook = async (id: string, secret: Buffer) => {
        const time = String(Math.floor(Date.now() / 1000));
        const body = JSON.stringify({ prompt: "to be or not to be" });
        const signature = createHmac("sha256", secret).update(`${id}.${time}.${body}`).digest("base64");
        const headers = { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": `v1,${signature}` };
        const MessageAttributes = Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name, { DataType: "String", StringValue: value }]),
        );
        const command = { QueueUrl: at.bundle.queueUrl, MessageBody: body, MessageAttributes };
        await at.bundle.server.client.send(new SendMessageCommand(command));
      };
      await hook("evt-1", key);
      await hook("evt-2", Buffer.from("who knows"));
      at.run({ REPLY_URL, WEBHOOK_SIGNATURE: "standard:HOOK_SECRET", HOOK_SECRET: `whsec_${key.toString("base64")}` });
      await at.emptied();
      await closeServer(taker);
      expect(replies.map(({ headers, body }) => [headers["idempotency-key"], body])).toEqual(
        Array(2).fill(["evt-1", { id: "evt-1", answer: "It has 6 words." }]),
      );
      expect(at.model.served).toBe(2);
      expect(await at.reasons()).toEqual([expect.stringContaining("signature")]);
    },
    TEST_MS,
  );

  (noMoto ? test.skip : test)(
    `answers an event once, however often it comes${noMoto ? ` (skipped: ${noMoto})` : ""}`,
    async () => {
      await using at = await setup(how);
      const moto = await startMoto();
      try {
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        const dynamodb = new DynamoDBClient({ endpoint: moto.endpoint, region: "us-east-1", credentials });
        await createKeyTable(dynamodb, "keys");
        dynamodb.destroy();
        at.bundle.send(chat("chat-1"), chat("chat-1"), chat("chat-2"), chat("chat-1"));
        at.run({
          AWS_ENDPOINT_URL_DYNAMODB: moto.endpoint,
          IDEMPOTENCY_TABLE: "keys",
          IDEMPOTENCY_KEY: "body:/id",
        });
        await at.emptied();
        expect(at.model.answers).toHaveLength(2);
        expect(at.model.served).toBe(4);
        expect(await at.bundle.deadLetters()).toEqual([]);
      } finally {
        await killCommands();
        await moto.stop();
      }
    },
    TEST_MS,
  );
});

// Each waits for the shortest visibility timeout that there is.
test.each([WAYS[0], WAYS[2]])(
  "the agent on a language model, %s, goes on at the last turn after its worker was killed",
  async (_, how) => {
    await using at = await setup(how);
    at.model.script(modelCalls("count_words", '{"text":"to be or not to be"}'), "never");
    at.bundle.send(chat("chat-1"));
    const killed = at.run();
    await eventually(
      async () => at.model.asked.length,
      (asked) => asked === 2,
    );
    killed.kill("SIGKILL");
    await killed.exited;
    at.run();
    await at.emptied();
    expect(at.model.asked.map(({ length }) => length)).toEqual([1, 3, 3]);
    expect(at.model.answers).toEqual(["It has 6 words."]);
  },
  TEST_MS,
);
