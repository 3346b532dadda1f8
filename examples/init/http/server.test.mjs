import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { server } from "./server.mjs";

let url;
before(async () => {
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${server.address().port}/run`;
});
after(() => server.close());

async function post(body) {
  const response = await fetch(url, { method: "POST", body });
  return [response.status, await response.text()];
}

test("greets whom the message names", async () => {
  assert.deepEqual(await post('{"name":"world"}'), [200, "hello world\n"]);
});

test("rejects a message without a name", async () => {
  assert.deepEqual(await post("{}"), [422, "the body has no name\n"]);
  assert.deepEqual(await post("no JSON"), [422, "the body has no name\n"]);
});
