import { BUCKET, base64, number, type ProducerMessage, pythonJson, text } from "./producer-message.js";

const UUID = "6f1c9a3e-0000-4000-8000-000000000001";
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** A task of Celery; `more` are headers. */
export function celeryTask(args: unknown[], kwargs: object, more: object = {}): string {
  const embed = { callbacks: null, errbacks: null, chain: null, chord: null };
  return base64(
    pythonJson({
      body: base64(pythonJson([args, kwargs, embed])),
      "content-encoding": "utf-8",
      "content-type": "application/json",
      headers: {
        lang: "py",
        task: "shop.orders.place",
        id: UUID,
        shadow: null,
        eta: null,
        expires: null,
        group: null,
        group_index: null,
        retries: 0,
        timelimit: [null, null],
        root_id: UUID,
        parent_id: null,
        argsrepr: "[7]",
        kwargsrepr: "{}",
        origin: "gen1@host",
        ignore_result: false,
        replaced_task_nesting: 0,
        stamped_headers: null,
        stamps: {},
        ...more,
      },
      properties: {
        correlation_id: UUID,
        reply_to: UUID,
        delivery_mode: 2,
        delivery_info: { exchange: "", routing_key: "celery" },
        priority: 0,
        body_encoding: "base64",
        delivery_tag: UUID,
      },
    }),
  );
}

const embed = { callbacks: null, errbacks: null, chain: null, chord: null };
const taskiq = {
  task_id: UUID.replaceAll("-", ""),
  task_name: "shop.orders:place",
  labels: {},
  labels_types: {},
  args: [7],
  kwargs: { amount: 5 },
};
const large = JSON.stringify({ id: "7", pad: "é".repeat(1_000) });
const pointer = (key: string, name: string) => pythonJson([name, { s3BucketName: BUCKET, s3Key: key }]);

export const PYTHON: readonly ProducerMessage[] = [
  {
    producer: "Celery",
    version: "5.7.0, kombu 5.7.0",
    body: celeryTask([7], { amount: 5 }, { traceparent: TRACEPARENT }),
    seen: {
      task: "shop.orders.place",
      id: UUID,
      args: [7],
      kwargs: { amount: 5 },
      eta: null,
      expires: null,
      retries: 0,
      embed,
    },
    seenAttributes: { traceparent: TRACEPARENT },
  },
  {
    producer: "dramatiq",
    version: "2.2.1, dramatiq-sqs 0.4.4",
    body: base64(
      JSON.stringify({
        queue_name: "default",
        actor_name: "place_order",
        args: [7],
        kwargs: { amount: 5 },
        options: {},
        message_id: UUID,
        message_timestamp: 1_795_867_200_000,
      }),
    ),
    seen: {
      actor: "place_order",
      id: UUID,
      queue: "default",
      args: [7],
      kwargs: { amount: 5 },
      options: {},
      timestamp: 1_795_867_200_000,
    },
  },
  { producer: "taskiq-aio-sqs", version: "2.1.1", body: JSON.stringify(taskiq), seen: taskiq },
  {
    producer: "taskiq-aio-sqs, large",
    version: "2.1.1",
    body: pythonJson({ s3_bucket: BUCKET, s3_key: `${taskiq.task_id}.json` }),
    attributes: { s3_extended_message: text("True") },
    payload: { key: `${taskiq.task_id}.json`, text: JSON.stringify(taskiq) },
    seen: taskiq,
    seenAttributes: {},
  },
  {
    producer: "repid",
    version: "2.1.4",
    body: base64(JSON.stringify({ args: [7], kwargs: {} })),
    attributes: { "content-type": text("application/json") },
    seen: { args: [7], kwargs: {} },
  },
  {
    producer: "pyqs",
    version: "1.0.1",
    body: pythonJson({ task: "shop.tasks.place_order", args: [7], kwargs: { amount: 5 } }),
    seen: { task: "shop.tasks.place_order", args: [7], kwargs: { amount: 5 } },
  },
  {
    producer: "AWS's extended client for Python",
    version: "1.0.1",
    body: pointer("python/1", "software.amazon.payloadoffloading.PayloadS3Pointer"),
    attributes: { ExtendedPayloadSize: number(large.length), S3Key: text("python/1") },
    payload: { key: "python/1", text: large },
    seen: JSON.parse(large),
    seenAttributes: { S3Key: "python/1" },
  },
  {
    producer: "sqs-extended-client for Python",
    version: "0.0.11",
    body: pointer("python/2", "com.amazon.sqs.javamessaging.MessageS3Pointer"),
    attributes: { SQSLargePayloadSize: number(large.length) },
    payload: { key: "python/2", text: large },
    seen: JSON.parse(large),
    seenAttributes: {},
  },
];
