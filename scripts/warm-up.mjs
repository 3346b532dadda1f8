/**
 * Starts the worker once against a queue that is made up here, and ends it when it has asked for messages, so that Node
 * leaves behind what it has compiled (NODE_COMPILE_CACHE). Run when the image is made, by the user who will start it:
 * Node keeps one for each user.
 *
 *   NODE_COMPILE_CACHE=FOLDER node warm-up.mjs CLI AGENT
 */
import { spawn } from "node:child_process";
import { createServer } from "node:http";

const [cli, agent] = process.argv.slice(2);
const WITHIN_MS = 30_000;

const ANSWERS = {
  GetQueueAttributes: { Attributes: { QueueArn: "arn:aws:sqs:us-east-1:000000000000:none", VisibilityTimeout: "30" } },
};

let asked = false;
const server = createServer((request, response) => {
  const operation = String(request.headers["x-amz-target"]).split(".").at(-1);
  request.resume().on("end", () => {
    response.setHeader("content-type", "application/x-amz-json-1.0");
    response.end(JSON.stringify(ANSWERS[operation] ?? {}));
    // Once: a second signal would end it at once, and leave nothing behind.
    if (operation === "ReceiveMessage" && !asked) asked = worker.kill("SIGTERM");
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const worker = spawn(process.execPath, [cli, "run"], {
  env: {
    ...process.env,
    AWS_ACCESS_KEY_ID: "none",
    AWS_SECRET_ACCESS_KEY: "none",
    AWS_REGION: "us-east-1",
    SQS_QUEUE_URL: `http://127.0.0.1:${server.address().port}/000000000000/none`,
    HANDLER: agent,
    HTTP_PORT: "0",
    METRICS: "emf",
    POLL_INTERVAL_SECONDS: "0",
  },
  stdio: ["ignore", "inherit", "inherit"],
  timeout: WITHIN_MS,
});
const [code, signal] = await new Promise((resolve) => worker.once("exit", (...end) => resolve(end)));
if (code !== 0) console.error(`the worker ended with ${code ?? signal} before it was warm`);
process.exit(code === 0 ? 0 : 1);
