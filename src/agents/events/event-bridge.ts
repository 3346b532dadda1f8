import { isObject, jsonObject, UnknownShape, withoutSnsEnvelope } from "./envelope.js";

/** An event that an EventBridge rule sent to the queue. */
export interface BusEvent<Detail = unknown> {
  readonly id: string;
  /** `aws.s3`, `my.shop`, ... */
  readonly source: string;
  /** `Object Created`, `Scheduled Event`, ... */
  readonly detailType: string;
  readonly detail: Detail;
  readonly account: string;
  readonly region: string;
  /** Epoch milliseconds; undefined when the event has no time that can be read. */
  readonly time: number | undefined;
  /** ARNs. */
  readonly resources: readonly string[];
}

/**
 * A decoder for events of EventBridge rules, the clock's (`Scheduled Event`) among them, directly or through an SNS topic.
 * Rules with an input of their own, and EventBridge Scheduler, send what they are told to, without an envelope: such
 * bodies need no decoder, and are rejected by this one.
 *
 * `defineHandler({ decode: eventBridge<OrderPlaced>, handle })`
 */
export function eventBridge<Detail = unknown>(raw: string): BusEvent<Detail> {
  return busEvent(jsonObject(withoutSnsEnvelope(raw), "an EventBridge event")) as BusEvent<Detail>;
}

/** @throws UnknownShape when it is no event of EventBridge. */
export function busEvent(event: Readonly<Record<string, unknown>>): BusEvent {
  const { id, source, detail, account, region, time, resources, "detail-type": detailType } = event;
  if (typeof source !== "string" || typeof detailType !== "string" || !isObject(detail)) {
    throw new UnknownShape("an EventBridge event has source, detail-type and detail; a rule with an input sends none");
  }
  return {
    id: text(id),
    source,
    detailType,
    detail,
    account: text(account),
    region: text(region),
    time: epochOf(time),
    resources: Array.isArray(resources) ? resources.map(String) : [],
  };
}

/** Epoch milliseconds of an ISO 8601 time. */
export function epochOf(time: unknown): number | undefined {
  const epoch = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(epoch) ? undefined : epoch;
}

const text = (value: unknown) => (typeof value === "string" ? value : "");
