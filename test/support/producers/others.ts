import { busEvent, notification } from "../envelopes.js";
import { BUCKET, base64, number, type ProducerMessage, text } from "./producer-message.js";

const order = { id: "7", amount: 5 };
const UUID = "6f1c9a3e-0000-4000-8000-000000000002";
const bytes = new Uint8Array([0, 0x9f, 0x92, 0x96]);
const large = JSON.stringify({ id: "7", pad: "x".repeat(2_000) });
const javaPointer = (key: string) =>
  `["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"${BUCKET}","s3Key":"${key}"}]`;
const bus = (id: string, source: string, detailType: string, detail: object, resources: string[] = []) => ({
  id,
  source,
  detailType,
  detail,
  account: "000000000000",
  region: "us-east-1",
  time: Date.parse("2026-11-28T12:00:01Z"),
  resources,
});
const EVENT = "00000001-0000-4000-8000-000000000000";

const laravelJob = {
  uuid: UUID,
  displayName: "App\\Jobs\\PlaceOrder",
  job: "Illuminate\\Queue\\CallQueuedHandler@call",
  maxTries: null,
  maxExceptions: null,
  failOnTimeout: false,
  backoff: null,
  timeout: null,
  retryUntil: null,
  data: { commandName: "App\\Jobs\\PlaceOrder", command: 'O:19:"App\\Jobs\\PlaceOrder":1:{s:2:"id";i:7;}' },
};

export const OTHERS: readonly ProducerMessage[] = [
  {
    producer: "SNS",
    version: "its documentation of 2026-11",
    body: notification(JSON.stringify(order), {
      Subject: "an order",
      MessageAttributes: { tenant: { Type: "String", Value: "a" }, mark: { Type: "Binary", Value: base64("m") } },
    }),
    seen: order,
    seenAttributes: { tenant: "a", mark: base64("m") },
  },
  {
    producer: "SNS, its extended client for Java",
    version: "2.1.0",
    body: notification(javaPointer("sns/1"), {
      MessageAttributes: {
        ExtendedPayloadSize: { Type: "Number", Value: String(large.length) },
        tenant: { Type: "String", Value: "a" },
      },
    }),
    payload: { key: "sns/1", text: large },
    decode: "sns",
    seen: JSON.parse(large),
    seenAttributes: { tenant: "a" },
  },
  {
    producer: "EventBridge, a rule",
    version: "its documentation of 2026-11",
    body: busEvent(order),
    seen: bus(EVENT, "my.shop", "Order placed", order),
  },
  {
    producer: "EventBridge, through SNS",
    version: "its documentation of 2026-11",
    body: notification(busEvent(order)),
    seen: bus(EVENT, "my.shop", "Order placed", order),
  },
  {
    producer: "EventBridge Scheduler, without an input",
    version: "its documentation of 2026-11",
    body: busEvent("{}", {
      "detail-type": "Scheduled Event",
      source: "aws.scheduler",
      resources: ["arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly"],
    }),
    seen: bus(EVENT, "aws.scheduler", "Scheduled Event", {}, [
      "arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly",
    ]),
  },
  {
    producer: "sns-sqs-big-payload",
    version: "0.1.4",
    body: JSON.stringify({
      S3Payload: {
        Id: UUID,
        Bucket: BUCKET,
        Key: `${UUID}.json`,
        Location: `https://${BUCKET}.s3.us-east-1.amazonaws.com/${UUID}.json`,
      },
    }),
    payload: { key: `${UUID}.json`, text: large },
    decode: "sns-sqs-big-payload",
    seen: JSON.parse(large),
  },
  {
    producer: "gocloud.dev, text",
    version: "0.47.0",
    body: JSON.stringify(order),
    attributes: { tenant__0x20__name: text("a%20b%2Fc"), kind: text("order") },
    seen: order,
    seenAttributes: { "tenant name": "a b/c", kind: "order" },
  },
  {
    producer: "gocloud.dev, bytes",
    version: "0.47.0",
    body: base64(bytes),
    attributes: { base64encoded: text("true") },
    seen: bytes,
    seenAttributes: {},
  },
  {
    producer: "sqs-producer",
    version: "8.0.4, nestjs-sqs 3.0.1",
    body: JSON.stringify(order),
    attributes: { kind: text("order") },
    seen: order,
  },
  {
    producer: "Laravel",
    version: "13, read",
    body: JSON.stringify(laravelJob),
    seen: laravelJob,
  },
  {
    producer: "Symfony Messenger",
    version: "8, read",
    body: JSON.stringify(order),
    attributes: {
      type: text("App\\Message\\PlaceOrder"),
      "Content-Type": text("application/json"),
      "X-Symfony-Messenger": text('{"X-Message-Stamp-BusName":"[{\\"busName\\":\\"default\\"}]"}'),
    },
    seen: order,
  },
  {
    producer: "Shoryuken, ActiveJob",
    version: "7, read",
    body: JSON.stringify({
      job_class: "PlaceOrderJob",
      job_id: UUID,
      provider_job_id: null,
      queue_name: "default",
      priority: null,
      arguments: [7],
      executions: 0,
      locale: "en",
    }),
    attributes: { shoryuken_class: text("ActiveJob::QueueAdapters::ShoryukenAdapter::JobWrapper") },
    seen: {
      job_class: "PlaceOrderJob",
      job_id: UUID,
      provider_job_id: null,
      queue_name: "default",
      priority: null,
      arguments: [7],
      executions: 0,
      locale: "en",
    },
  },
  {
    producer: "watermill-aws",
    version: "1, read",
    body: JSON.stringify(order),
    attributes: { _watermill_message_uuid: text(UUID), tenant: text("a") },
    seen: order,
  },
  {
    producer: "MassTransit",
    version: "9, read",
    body: JSON.stringify({
      messageId: UUID,
      conversationId: UUID,
      messageType: ["urn:message:Shop:PlaceOrder"],
      message: order,
      sentTime: "2026-11-28T12:00:00.0000000Z",
      headers: {},
    }),
    attributes: { "Content-Type": text("application/vnd.masstransit+json"), CorrelationId: text(UUID) },
    seen: {
      messageId: UUID,
      conversationId: UUID,
      messageType: ["urn:message:Shop:PlaceOrder"],
      message: order,
      sentTime: "2026-11-28T12:00:00.0000000Z",
      headers: {},
    },
  },
  {
    producer: "none that is known: a plain object of the extended clients' names",
    version: "-",
    body: JSON.stringify({ s3BucketName: BUCKET, s3Key: "plain/1" }),
    attributes: { ExtendedPayloadSize: number(large.length) },
    payload: { key: "plain/1", text: large },
    seen: JSON.parse(large),
    seenAttributes: {},
  },
];
