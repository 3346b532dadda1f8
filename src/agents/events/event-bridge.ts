import { exactJson } from "../sameness/exact-json.js";
import { withSaid } from "../sameness/said.js";
import { isObject, type JsonObject, jsonObject, UnknownShape, withoutSnsEnvelope } from "./envelope.js";

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
 * EventBridge Scheduler sends such an event where its target has no input (`aws.scheduler`). Rules and schedules with an
 * input of their own send what they are told to, without an envelope: such bodies need no decoder, and are rejected by
 * this one.
 *
 * `defineHandler({ decode: eventBridge<OrderPlaced>, handle })`
 */
export function eventBridge<Detail = unknown>(raw: string): BusEvent<Detail> {
  const event = withoutSnsEnvelope(raw);
  return withSaid(busEvent(jsonObject(event, "an EventBridge event")) as BusEvent<Detail>, () => saidOnBus(event));
}

/**
 * @param parse reads a detail that is text.
 * @throws UnknownShape when it is no event of EventBridge.
 */
export function busEvent(event: JsonObject, parse: (text: string) => unknown = JSON.parse): BusEvent {
  const { id, source, account, region, time, resources, "detail-type": detailType } = event;
  const detail = detailOf(event.detail, parse);
  if (typeof source !== "string" || typeof detailType !== "string" || detail === undefined) {
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

/** Of an event's text what its producer said; id, time, account and region are the bus's. */
export function saidOnBus(event: string): object {
  const { source, detail, resources, "detail-type": detailType } = exactJson(event) as JsonObject;
  return { source, detailType, resources, detail: typeof detail === "string" ? exactJson(detail) : detail };
}

/** EventBridge Scheduler's own event has it as text: `"{}"`. */
function detailOf(detail: unknown, parse: (text: string) => unknown): JsonObject | undefined {
  if (typeof detail !== "string") return isObject(detail) ? detail : undefined;
  try {
    const parsed = parse(detail);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Epoch milliseconds of an ISO 8601 time. */
export function epochOf(time: unknown): number | undefined {
  const epoch = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(epoch) ? undefined : epoch;
}

const text = (value: unknown) => (typeof value === "string" ? value : "");
