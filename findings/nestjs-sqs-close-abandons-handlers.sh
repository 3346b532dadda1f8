#!/usr/bin/env bash
# @ssut/nestjs-sqs 3.0.1 (npm), with @nestjs/core 10.4.22 against fauxqs 1.9.2.
#
# One would expect: app.close(), which Nest's shutdown hooks call on SIGTERM, waits for the messages in hand, as Nest
# waits for every onModuleDestroy that returns a promise; then it goes on to close what the handlers use.
# What is: the module tells its consumers to stop and returns at once. app.close() resolves while the handler is in
# the middle of its message, after the hooks that come later (there, applications close databases) have run.
# The option that sounds like a cure, pollingCompleteWaitTimeMs, delays only an event that nobody waits for.
# Whom it hurts: every deployment ends the messages in hand halfway, or has them run against closed connections;
# they come again after the visibility timeout, and look like failures of the handler.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --loglevel=error --ignore-scripts --no-audit --no-fund --prefix "$dir" \
  @ssut/nestjs-sqs@3.0.1 @nestjs/common@10.4.22 @nestjs/core@10.4.22 reflect-metadata@0.2.2 rxjs@7.8.2 \
  @aws-sdk/client-sqs@3.1169.0 fauxqs@1.9.2 >/dev/null

cat >close.cjs <<'JS'
require("reflect-metadata");
const { CreateQueueCommand, SendMessageCommand, SQSClient } = require("@aws-sdk/client-sqs");
const { Module } = require("@nestjs/common");
const { NestFactory } = require("@nestjs/core");
const { SqsMessageHandler, SqsModule } = require("@ssut/nestjs-sqs");

async function closeDuringWork() {
  const { startFauxqs } = await import("fauxqs");
  const server = await startFauxqs({ port: 0, host: "127.0.0.1", logger: false });
  const sqs = new SQSClient({
    region: "us-east-1",
    endpoint: `http://127.0.0.1:${server.port}`,
    useQueueUrlAsEndpoint: false,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const { QueueUrl: queueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "jobs" }));
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "hello" }));

  const seen = [];
  let started;
  let finish;
  const working = new Promise((resolve) => (started = resolve));
  const work = new Promise((resolve) => (finish = resolve));
  class Worker {
    async handle(message) {
      started();
      await work;
      seen.push("handler ended");
      return message;
    }
    onApplicationShutdown() {
      seen.push("last shutdown hook ran");
    }
  }
  SqsMessageHandler("jobs")(Worker.prototype, "handle", Object.getOwnPropertyDescriptor(Worker.prototype, "handle"));
  class App {}
  const consumers = [{ name: "jobs", queueUrl, sqs, pollingCompleteWaitTimeMs: 10_000 }];
  Module({ imports: [SqsModule.register({ consumers })], providers: [Worker] })(App);

  const app = await NestFactory.createApplicationContext(App, { logger: false });
  await working;
  const giveUp = setTimeout(finish, 5_000); // a close() that waits for the handler would otherwise wait for ever
  await app.close();
  clearTimeout(giveUp);
  seen.push("app.close() resolved");
  finish();
  await new Promise((resolve) => setImmediate(resolve));
  console.log(seen.join(", then "));
  process.exit(seen[2] === "handler ended" ? 0 : 1);
}
void closeDuringWork();
JS
timeout 60 node close.cjs 2>"$dir/errors" ||
  { cat "$dir/errors"; echo "changed: close() waits for handlers"; exit 1; } >&2
