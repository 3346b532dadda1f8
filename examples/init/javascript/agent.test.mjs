import assert from "node:assert/strict";
import { test } from "node:test";
import { Reject } from "queuehand";
import agent from "./agent.mjs";

/** Runs the agent on a body; resolves with what it logged. */
async function run(body) {
  const lines = [];
  const log = { info: (fields, text) => lines.push([text, fields]) };
  await agent({ id: "1", body, attributes: {}, receiveCount: 1 }, { log, signal: new AbortController().signal });
  return lines;
}

test("greets whom the message names", async () => {
  assert.deepEqual(await run({ name: "world" }), [["hello", { name: "world" }]]);
});

test("rejects a message without a name", async () => {
  await assert.rejects(run({}), Reject);
});
