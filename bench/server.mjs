/**
 * A server that speaks SQS's JSON protocol and costs little. It runs as a process of its own, so that a contestant's CPU
 * is the contestant's alone. `POST /reset` takes `{ mode: "endless" | "queue", delayMs, bodyBytes, seed,
 * visibilitySeconds, maxReceiveCount }`, `GET /stats` says what was called and what became of the messages,
 * `GET /receipts` when each was handed out. Any path is a queue's; messages with a group are handed out as a FIFO queue
 * does. With `maxReceiveCount` there is a dead-letter queue, which takes what the queue moves to it and nothing else.
 *
 *     node bench/server.mjs [PORT]
 */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { monotonicMs } from "./clock.mjs";
import { EndlessQueue } from "./endless-queue.mjs";
import { messageJson } from "./message-json.mjs";
import { SmallQueue } from "./small-queue.mjs";

const TARGET_PREFIX = "AmazonSQS.";
const ACCOUNT = "000000000000";
const QUEUE_NAME = "bench";
const DEAD_LETTERS_NAME = "bench-dead";

let queue = new EndlessQueue();
let delayMs = 0;
let waiters = [];
let calls = {};
let firstReceiveAt;

function reset({ mode = "endless", ...options }) {
  queue.close?.();
  for (const waiter of waiters.splice(0)) waiter.answer([]);
  delayMs = options.delayMs ?? 0;
  calls = {};
  firstReceiveAt = undefined;
  queue = mode === "queue" ? new SmallQueue({ ...options, wake }) : new EndlessQueue(options);
}

/** Hands what is visible to the long polls that wait, the oldest first. */
function wake() {
  while (waiters.length > 0) {
    const messages = queue.receive(waiters[0].max, waiters[0].visibility);
    if (messages.length === 0) return;
    waiters.shift().answer(messages);
  }
}

function receive(input, reply, request) {
  firstReceiveAt ??= monotonicMs();
  const wanted = [...(input.MessageSystemAttributeNames ?? []), ...(input.AttributeNames ?? [])];
  const max = input.MaxNumberOfMessages ?? 1;
  const answer = (messages) =>
    reply(messages.length === 0 ? "{}" : `{"Messages":[${messages.map((one) => messageJson(one, wanted)).join()}]}`);
  const messages = queue.receive(max, input.VisibilityTimeout);
  const waitSeconds = input.WaitTimeSeconds ?? 0;
  if (messages.length > 0 || waitSeconds === 0) return answer(messages);
  const leave = () => {
    clearTimeout(timer);
    request.socket.off("close", leave);
    waiters = waiters.filter((other) => other !== waiter);
  };
  const waiter = {
    max,
    visibility: input.VisibilityTimeout,
    answer: (found) => {
      leave();
      answer(found);
    },
  };
  const timer = setTimeout(() => waiter.answer([]), waitSeconds * 1000);
  request.socket.once("close", leave);
  waiters.push(waiter);
}

const visibilityFailure = {
  InvalidParameterValue: "Reason: Message does not exist or is not available for visibility timeout change.",
  MessageNotInflight: "The message referred to isn't in flight.",
};

const pathOf = (name) => `/${ACCOUNT}/${name}`;
const urlOf = (name) => `http://127.0.0.1:${server.address().port}${pathOf(name)}`;
const arnOf = (name) => `arn:aws:sqs:us-east-1:${ACCOUNT}:${name}`;

const sendTo = (queue, { MessageBody, MessageAttributes, MessageGroupId }) =>
  queue.send(MessageBody, MessageAttributes, MessageGroupId);

const sent = (message) => ({
  MessageId: message.id,
  MD5OfMessageBody: message.md5,
  ...(message.md5OfAttributes ? { MD5OfMessageAttributes: message.md5OfAttributes } : {}),
});

const actions = {
  ReceiveMessage: receive,
  DeleteMessage(input, reply) {
    queue.delete(input.ReceiptHandle);
    reply({});
  },
  DeleteMessageBatch(input, reply) {
    for (const { ReceiptHandle } of input.Entries) queue.delete(ReceiptHandle);
    reply({ Successful: input.Entries.map(({ Id }) => ({ Id })), Failed: [] });
  },
  ChangeMessageVisibility(input, reply) {
    const error = queue.changeVisibility(input.ReceiptHandle, input.VisibilityTimeout);
    if (error) return reply({ __type: `com.amazonaws.sqs#${error}`, message: visibilityFailure[error] }, 400);
    reply({});
  },
  ChangeMessageVisibilityBatch(input, reply) {
    const Successful = [];
    const Failed = [];
    for (const { Id, ReceiptHandle, VisibilityTimeout } of input.Entries) {
      const error = queue.changeVisibility(ReceiptHandle, VisibilityTimeout);
      if (error) Failed.push({ Id, Code: error, Message: visibilityFailure[error], SenderFault: true });
      else Successful.push({ Id });
    }
    reply({ Successful, Failed });
  },
  SendMessage(input, reply) {
    reply(sent(sendTo(queue, input)));
  },
  SendMessageBatch(input, reply) {
    const Successful = input.Entries.map((entry) => ({ Id: entry.Id, ...sent(sendTo(queue, entry)) }));
    reply({ Successful, Failed: [] });
  },
  GetQueueUrl({ QueueName }, reply) {
    reply({ QueueUrl: urlOf(QueueName) });
  },
  GetQueueAttributes(_input, reply) {
    const { visible = 0, hidden = 0 } = queue.stats();
    const { maxReceiveCount } = queue;
    const redrive = { deadLetterTargetArn: arnOf(DEAD_LETTERS_NAME), maxReceiveCount };
    reply({
      Attributes: {
        QueueArn: arnOf(QUEUE_NAME),
        ApproximateNumberOfMessages: String(visible),
        ApproximateNumberOfMessagesNotVisible: String(hidden),
        ApproximateNumberOfMessagesDelayed: "0",
        MaximumMessageSize: "1048576",
        MessageRetentionPeriod: "1209600",
        VisibilityTimeout: "30",
        ...(maxReceiveCount !== undefined && { RedrivePolicy: JSON.stringify(redrive) }),
      },
    });
  },
};

/** @param value what to answer, or its JSON. */
function send(response, value, status = 200) {
  const body = typeof value === "string" ? value : JSON.stringify(value);
  response.writeHead(status, {
    "content-type": "application/x-amz-json-1.0",
    "content-length": Buffer.byteLength(body),
    "x-amzn-requestid": randomUUID(),
  });
  response.end(body);
}

function handle(request, response, body) {
  if (request.url === "/stats") {
    return send(response, { ...queue.stats(), calls, firstReceiveAt, openPolls: waiters.length });
  }
  if (request.url === "/receipts") return send(response, queue.receipts());
  const input = JSON.parse(body || "{}");
  if (request.url === "/reset") {
    reset(input);
    return send(response, {});
  }
  const name = request.headers["x-amz-target"]?.slice(TARGET_PREFIX.length);
  const action = actions[name];
  const unsupported = (message) => send(response, { __type: "com.amazonaws.sqs#UnsupportedOperation", message }, 400);
  if (!action) return unsupported(`no action ${name}`);
  if (input.QueueUrl?.endsWith(pathOf(DEAD_LETTERS_NAME))) return unsupported("dead letters are counted");
  calls[name] = (calls[name] ?? 0) + 1;
  const reply = (value, status) => send(response, value, status);
  if (delayMs === 0) action(input, reply, request);
  else setTimeout(action, delayMs, input, reply, request);
}

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => handle(request, response, body));
});
// Contestants keep their sockets for the whole of a run; a server that closes one would be a fault that isn't measured.
server.keepAliveTimeout = 0;
server.requestTimeout = 0;
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const url = urlOf(QUEUE_NAME);
  if (process.send) process.send({ url });
  else console.log(url);
});
process.on("disconnect", () => process.exit());
