import { Skip } from "../skip.js";
import { isObject, type JsonObject, jsonObject, UnknownShape, withoutSnsEnvelope } from "./envelope.js";
import { busEvent, epochOf } from "./event-bridge.js";

/** An object in a bucket to which something happened. */
export interface S3Object {
  readonly bucket: string;
  /** As it is in the bucket: decoded. */
  readonly key: string;
  /** Bytes; undefined where the event doesn't say, as when the object was removed. */
  readonly size: number | undefined;
  /** Undefined in a bucket without versions. */
  readonly versionId: string | undefined;
  readonly etag: string | undefined;
  /**
   * What happened, in the words of S3's notifications by whatever way it came: `ObjectCreated:Put`,
   * `ObjectRemoved:DeleteMarkerCreated`; EventBridge's detail type where S3 has no such word.
   */
  readonly event: string;
  /** When, in epoch milliseconds. */
  readonly time: number | undefined;
  /** Orders the events of one key: hexadecimal, to be compared as strings after padding on the left to one length. */
  readonly sequencer: string | undefined;
}

const S3 = "aws:s3";

/**
 * A decoder for S3's notifications: straight from the bucket, through an SNS topic with or without raw message delivery,
 * and through EventBridge. One notification may name several objects. S3's test event, sent when notifications are set
 * up, is done without a run; what is no notification is rejected.
 *
 * `defineHandler({ decode: s3Objects, handle: async ({ body }) => { for (const { bucket, key } of body) ... } })`
 */
export function s3Objects(raw: string): readonly S3Object[] {
  return objectsOf(raw, [S3]);
}

/**
 * The same for stores that speak S3's language and name themselves in `eventSource`: `minio:s3`, `ceph:s3`. Whoever may
 * send to the queue can write any of these names; ask for those alone that do.
 *
 * `defineHandler({ decode: s3ObjectsFrom("minio:s3"), handle })`
 * @throws TypeError without a name.
 */
export function s3ObjectsFrom(...sources: readonly string[]): (raw: string) => readonly S3Object[] {
  if (sources.length === 0) throw new TypeError('s3ObjectsFrom needs the eventSource of a store, as "minio:s3"');
  return (raw) => objectsOf(raw, sources);
}

function objectsOf(raw: string, sources: readonly string[]): readonly S3Object[] {
  const notification = jsonObject(withoutSnsEnvelope(raw), "an S3 notification");
  if (Array.isArray(notification.Records)) return notification.Records.map((record) => objectOfRecord(record, sources));
  if (notification.Event === "s3:TestEvent") throw new Skip("S3 tests whether its notifications arrive");
  if (notification.source === "aws.s3" && sources.includes(S3)) return [objectOfEvent(notification)];
  throw new UnknownShape("no S3 notification: neither Records, nor an event of aws.s3, nor s3:TestEvent");
}

/** One record of a notification that S3 itself wrote; https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
function objectOfRecord(record: unknown, sources: readonly string[]): S3Object {
  const { eventSource, eventName, eventTime, s3 } = isObject(record) ? record : ({} as JsonObject);
  if (typeof eventSource !== "string" || !sources.includes(eventSource) || !isObject(s3)) {
    throw new UnknownShape(
      `a record of an S3 notification is from ${sources.join(" or ")}, got ${JSON.stringify(eventSource)}`,
    );
  }
  const { bucket, object } = named(s3);
  // Form encoding: a blank is a plus, a plus is %2B.
  const key = decodeURIComponent(String(object.key).replaceAll("+", " "));
  return {
    ...facts(bucket, key, object),
    versionId: text(object.versionId),
    // Others than S3 write the prefix of its settings before it.
    event: String(eventName).replace(/^s3:/, ""),
    time: epochOf(eventTime),
  };
}

/** An event of EventBridge, where keys are plain; https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
function objectOfEvent(event: JsonObject): S3Object {
  const { detailType, detail, time } = busEvent(event);
  const { bucket, object } = named(detail as JsonObject);
  return {
    ...facts(bucket, String(object.key), object),
    versionId: text(object["version-id"]),
    event: eventOf(detailType, detail as JsonObject),
    time,
  };
}

function named({ bucket, object }: JsonObject): { bucket: string; object: JsonObject } {
  if (isObject(bucket) && typeof bucket.name === "string" && isObject(object) && typeof object.key === "string") {
    return { bucket: bucket.name, object };
  }
  throw new UnknownShape("an S3 notification names bucket.name and object.key");
}

function facts(bucket: string, key: string, { size, eTag, etag, sequencer }: JsonObject) {
  return {
    bucket,
    key,
    size: typeof size === "number" ? size : undefined,
    etag: text(eTag) ?? text(etag),
    sequencer: text(sequencer),
  };
}

const CREATED: Readonly<Record<string, string>> = {
  PutObject: "ObjectCreated:Put",
  "POST Object": "ObjectCreated:Post",
  CopyObject: "ObjectCreated:Copy",
  CompleteMultipartUpload: "ObjectCreated:CompleteMultipartUpload",
};

const REMOVED: Readonly<Record<string, string>> = {
  "Permanently Deleted": "Delete",
  "Delete Marker Created": "DeleteMarkerCreated",
};

function eventOf(detailType: string, detail: JsonObject): string {
  const reason = String(detail.reason);
  if (detailType === "Object Created") return CREATED[reason] ?? detailType;
  if (detailType === "Object Deleted") {
    const how = REMOVED[String(detail["deletion-type"])];
    if (how === undefined) return detailType;
    return `${reason === "Lifecycle Expiration" ? "LifecycleExpiration" : "ObjectRemoved"}:${how}`;
  }
  return detailType;
}

const text = (value: unknown) => (typeof value === "string" ? value : undefined);
