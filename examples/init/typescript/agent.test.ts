import assert from "node:assert/strict";
import { test } from "node:test";
import { type Context, type Message, Reject } from "queuehand";
import agent, { type Greeting } from "./agent.ts";

/** Runs the agent on a body; resolves with what it logged. */
async function run(body: object): Promise<unknown[]> {
  const lines: unknown[] = [];
  const log = { info: (fields: object, text: string) => lines.push([text, fields]) };
  const message = { id: "1", body, attributes: {}, receiveCount: 1 } as unknown as Message<Greeting>;
  await agent(message, { log, signal: new AbortController().signal } as unknown as Context);
  return lines;
}

test("greets whom the message names", async () => {
  assert.deepEqual(await run({ name: "world" }), [["hello", { name: "world" }]]);
});

test("rejects a message without a name", async () => {
  await assert.rejects(run({}), Reject);
});
