import { BUCKET, base64, number, type ProducerMessage, text } from "./producer-message.js";

const order = { id: "7", amount: 5 };
const bytes = new Uint8Array([0xac, 0xed, 0, 5, 0xff, 0xfe]);
const large = JSON.stringify({ id: "7", pad: "x".repeat(2_000) });

export const JAVA: readonly ProducerMessage[] = [
  {
    producer: "JMS library, TextMessage",
    version: "2.1.4",
    body: JSON.stringify(order),
    attributes: {
      JMS_SQSMessageType: text("text"),
      tries: number(3, ".int"),
      urgent: text("1", "Number.Boolean"),
    },
    seen: order,
  },
  {
    producer: "JMS library, BytesMessage",
    version: "2.1.4",
    body: base64(bytes),
    attributes: { JMS_SQSMessageType: text("byte") },
    seen: bytes,
  },
  {
    producer: "JMS library, BytesMessage of text",
    version: "2.1.4",
    body: base64(JSON.stringify(order)),
    attributes: { JMS_SQSMessageType: text("byte") },
    seen: order,
  },
  {
    producer: "JMS library, ObjectMessage",
    version: "2.1.4",
    body: base64(bytes),
    attributes: { JMS_SQSMessageType: text("object") },
    seen: base64(bytes),
  },
  {
    producer: "Java extended client",
    version: "2.1.2",
    body: `["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"${BUCKET}","s3Key":"java/1"}]`,
    attributes: { SQSLargePayloadSize: number(large.length), tenant: text("a") },
    payload: { key: "java/1", text: large },
    seen: JSON.parse(large),
    seenAttributes: { tenant: "a" },
  },
  {
    producer: "Spring Cloud AWS",
    version: "4.1.0",
    body: JSON.stringify({ amount: 5, id: "7" }),
    attributes: {
      JavaType: text("com.example.shop.Order"),
      contentType: text("application/json"),
      priority: number(1, ".java.lang.Integer"),
    },
    seen: order,
  },
];
