#!/usr/bin/env bash
# openai 7.59.0 and @anthropic-ai/sdk 1.14.0 (npm), each with its own defaults, against a small server of this script's own.
#
# One would expect: a client that retries heeds Retry-After, or gives the answer to its caller; and that two clients which
# look the same in code do the same.
# What is: openai waits out a Retry-After of 60 s, and takes one of 61 s for none: it calls twice more within three seconds.
# @anthropic-ai/sdk waits out any, an hour too, with the caller's promise pending meanwhile.
# Whom it hurts: workers behind a limit. The one makes its calls just when the provider has asked for the longest peace, and
# the worker sees a third of the refusals; the other keeps a slot, and the message's lease, for as long as the provider says.
# `maxRetries: 0` gives the answer to the caller in both.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --loglevel=error --ignore-scripts --no-audit --no-fund --prefix "$dir" \
  openai@7.59.0 @anthropic-ai/sdk@1.14.0 >/dev/null

cat >retry.mjs <<'JS'
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const WATCHED_MS = 6_000;
const messages = [{ role: "user", content: "hello" }];
const CLIENTS = {
  openai: (options) => new OpenAI(options).chat.completions.create({ model: "m", messages }),
  anthropic: (options) => new Anthropic(options).messages.create({ model: "m", max_tokens: 9, messages }),
};

/** Calls made, and whether the caller has its answer, six seconds after a refusal with so long a Retry-After. */
async function seen(name, retryAfter, more = {}) {
  let calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    request.resume();
    response.writeHead(429, { "retry-after": String(retryAfter), "content-type": "application/json" }).end("{}");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const baseURL = `http://127.0.0.1:${server.address().port}`;
  const answer = CLIENTS[name]({ apiKey: "none", baseURL, ...more }).catch(({ status }) => status);
  const told = await Promise.race([answer, sleep(WATCHED_MS, "waits")]);
  server.close();
  server.closeAllConnections();
  const text = `${calls} calls, ${told}`;
  console.log(`${name}, Retry-After ${retryAfter}${more.maxRetries === 0 ? ", maxRetries 0" : ""}: ${text}`);
  return text;
}

const all = await Promise.all([
  seen("openai", 60),
  seen("openai", 61),
  seen("openai", 3600),
  seen("anthropic", 61),
  seen("anthropic", 3600),
  seen("openai", 3600, { maxRetries: 0 }),
  seen("anthropic", 3600, { maxRetries: 0 }),
]);
const expected = ["1 calls, waits", "3 calls, 429", "3 calls, 429", "1 calls, waits", "1 calls, waits", "1 calls, 429", "1 calls, 429"];
process.exit(JSON.stringify(all) === JSON.stringify(expected) ? 0 : 1);
JS
node retry.mjs
# Seen: openai, Retry-After 60: 1 calls, waits; 61 and 3600: 3 calls, 429.
# anthropic, Retry-After 61 and 3600: 1 calls, waits. With maxRetries 0 both: 1 calls, 429.
