import { describe, expect, test } from "@jest/globals";
import { s3Objects, s3ObjectsFrom } from "../../../../src/agents/events/s3-objects.js";

/** As AWS documents it (notification content structure, version 2.1), with a key that needed its encoding. */
const record = {
  eventVersion: "2.1",
  eventSource: "aws:s3",
  awsRegion: "us-west-2",
  eventTime: "1970-01-01T00:00:01.500Z",
  eventName: "ObjectCreated:Put",
  userIdentity: { principalId: "AIDAJDPLRKLG7UEXAMPLE" },
  requestParameters: { sourceIPAddress: "127.0.0.1" },
  responseElements: {
    "x-amz-request-id": "C3D13FE58DE4C810",
    "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S",
  },
  s3: {
    s3SchemaVersion: "1.0",
    configurationId: "testConfigRule",
    bucket: { name: "photos", ownerIdentity: { principalId: "A3NL1KOZZKExample" }, arn: "arn:aws:s3:::photos" },
    object: {
      key: "2026/happy+face+1%2B1+%C3%A9.jpg",
      size: 1024,
      eTag: "d41d8cd98f00b204e9800998ecf8427e",
      versionId: "096fKKXTRTtl3on89fVO.nfljtsv6qko",
      sequencer: "0055AED6DCD90281E5",
    },
  },
};
const photo = {
  bucket: "photos",
  key: "2026/happy face 1+1 é.jpg",
  size: 1024,
  versionId: "096fKKXTRTtl3on89fVO.nfljtsv6qko",
  etag: "d41d8cd98f00b204e9800998ecf8427e",
  event: "ObjectCreated:Put",
  time: 1_500,
  sequencer: "0055AED6DCD90281E5",
};

/** As SNS delivers to SQS without raw message delivery. */
const published = (message: string) =>
  JSON.stringify({
    Type: "Notification",
    MessageId: "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
    TopicArn: "arn:aws:sns:us-west-2:123456789012:photos",
    Subject: "Amazon S3 Notification",
    Message: message,
    Timestamp: "2026-03-28T05:12:44.812Z",
    SignatureVersion: "1",
    Signature: "EXAMPLE/w==",
    SigningCertURL: "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-x.pem",
    UnsubscribeURL: "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe",
  });

/** As AWS documents it (EventBridge event message structure). */
const event = (detailType: string, detail: object) => ({
  version: "0",
  id: "17793124-05d4-b198-2fde-7ededc63b103",
  "detail-type": detailType,
  source: "aws.s3",
  account: "111122223333",
  time: "2021-11-12T00:00:00Z",
  region: "ca-central-1",
  resources: ["arn:aws:s3:::photos"],
  detail: {
    version: "0",
    bucket: { name: "photos" },
    "request-id": "N4N7GDK58NMKJ12R",
    requester: "123456789012",
    "source-ip-address": "1.2.3.4",
    ...detail,
  },
});
const created = event("Object Created", {
  object: {
    key: "2026/100%+a b.jpg",
    size: 5,
    etag: "b1946ac92492d2347c6235b4d2611184",
    "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
    sequencer: "617f08299329d189",
  },
  reason: "PutObject",
});
const file = {
  bucket: "photos",
  key: "2026/100%+a b.jpg",
  size: 5,
  versionId: "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
  etag: "b1946ac92492d2347c6235b4d2611184",
  event: "ObjectCreated:Put",
  time: Date.UTC(2021, 10, 12),
  sequencer: "617f08299329d189",
};
const decoded = (notification: object) => s3Objects(JSON.stringify(notification));

describe("Notifications of S3", () => {
  test("straight from the bucket name their objects, with keys decoded", () => {
    expect(decoded({ Records: [record] })).toEqual([photo]);
  });

  test("may name several objects", () => {
    const other = { ...record, s3: { ...record.s3, object: { key: "b" } }, eventName: "ObjectRemoved:Delete" };
    expect(decoded({ Records: [record, other] })).toMatchObject([
      { key: photo.key },
      { key: "b", event: "ObjectRemoved:Delete", size: undefined, versionId: undefined },
    ]);
  });

  test("come through a topic in its envelope, and through a topic of a topic", () => {
    const notification = JSON.stringify({ Records: [record] });
    expect(s3Objects(published(notification))).toEqual([photo]);
    expect(s3Objects(published(published(notification)))).toEqual([photo]);
  });

  test("come through EventBridge, where keys are plain, and through a topic behind it", () => {
    expect(decoded(created)).toEqual([file]);
    expect(s3Objects(published(JSON.stringify(created)))).toEqual([file]);
  });

  test.each([
    ["Object Created", { reason: "CompleteMultipartUpload" }, "ObjectCreated:CompleteMultipartUpload"],
    ["Object Created", { reason: "CopyObject" }, "ObjectCreated:Copy"],
    ["Object Deleted", { reason: "DeleteObject", "deletion-type": "Permanently Deleted" }, "ObjectRemoved:Delete"],
    [
      "Object Deleted",
      { reason: "DeleteObject", "deletion-type": "Delete Marker Created" },
      "ObjectRemoved:DeleteMarkerCreated",
    ],
    [
      "Object Deleted",
      { reason: "Lifecycle Expiration", "deletion-type": "Permanently Deleted" },
      "LifecycleExpiration:Delete",
    ],
    ["Object Restore Completed", {}, "Object Restore Completed"],
  ])("of EventBridge, %s %j is %s", (detailType, detail, name) => {
    expect(decoded(event(detailType, { object: { key: "k" }, ...detail }))).toMatchObject([{ key: "k", event: name }]);
  });

  test("that are but a test have nothing for an agent, through a topic neither", () => {
    const testEvent = JSON.stringify({
      Service: "Amazon S3",
      Event: "s3:TestEvent",
      Time: "2014-10-13T15:57:02.089Z",
      Bucket: "photos",
      RequestId: "5582815E1AEA5ADF",
      HostId: "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
    });
    for (const body of [testEvent, published(testEvent)]) {
      expect(() => s3Objects(body)).toThrow(expect.objectContaining({ name: "Skip" }));
    }
  });

  test.each([
    ["hello", "got what is no JSON"],
    ["[]", "got an array"],
    ["null", "got null"],
    ['{"a":1}', "no S3 notification"],
    ['{"Records":[{"eventSource":"aws:ses"}]}', 'from aws:s3, got "aws:ses"'],
    ['{"Records":[null]}', "from aws:s3"],
    ['{"Records":[{"eventSource":"aws:s3","s3":{"bucket":{"name":"b"},"object":{}}}]}', "object.key"],
    ['{"Records":[{"eventSource":"aws:s3","s3":{"bucket":{"name":"b"},"object":{"key":"%E0"}}}]}', "URI malformed"],
    ['{"source":"aws.s3","detail-type":"Object Created","detail":{}}', "bucket.name"],
  ])("are not %s", (body, reason) => {
    expect(() => s3Objects(body)).toThrow(reason);
  });
});

describe("Notifications of stores like S3", () => {
  /** As MinIO writes it (notification of version 2.0), with what it adds around it. */
  const minio = JSON.stringify({
    EventName: "s3:ObjectCreated:Put",
    Key: "photos/2026/happy+face",
    Records: [{ ...record, eventVersion: "2.0", eventSource: "minio:s3", eventName: "s3:ObjectCreated:Put" }],
  });

  test("are read where they are asked for, straight or through a topic, in S3's words", () => {
    const read = s3ObjectsFrom("minio:s3");
    expect(read(minio)).toEqual([photo]);
    expect(read(published(minio))).toEqual([photo]);
    expect(s3ObjectsFrom("aws:s3", "minio:s3")(JSON.stringify({ Records: [record] }))).toEqual([photo]);
  });

  test("aren't where they aren't: any sender can write any name", () => {
    expect(() => s3Objects(minio)).toThrow('from aws:s3, got "minio:s3"');
    expect(() => s3ObjectsFrom("minio:s3")(JSON.stringify({ Records: [record] }))).toThrow(
      'from minio:s3, got "aws:s3"',
    );
    expect(() => s3ObjectsFrom("minio:s3")(JSON.stringify(event("Object Created", {})))).toThrow("no S3 notification");
    expect(() => s3ObjectsFrom()).toThrow(TypeError);
  });
});
