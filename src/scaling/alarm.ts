import { metricsOf, readQuery } from "./metric-query.js";
import type { Metrics } from "./metric-series.js";
import type { AlarmDefinition } from "./policy.js";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** An alarm as people look at it. */
export interface AlarmView {
  readonly name: string;
  readonly state: AlarmState;
  /** What it looks at. */
  readonly metric: string;
  readonly comparison: AlarmDefinition["comparison"];
  readonly threshold: number;
  /** Of the last period; undefined where data were missing. */
  readonly value: number | undefined;
}

/** An alarm whose action scales repeats that action once a minute for as long as it stays in ALARM. */
const ACTION_REPEAT_SECONDS = 60;

/**
 * How far back an alarm looks for datapoints when its newest ones are missing, beyond its evaluation periods. AWS
 * gives no number; its examples show two.
 */
const LOOK_BACK_PERIODS = 2;

/** Datapoints that `alarmState` needs at most. */
export const datapointsKept = (alarm: AlarmDefinition) => alarm.evaluationPeriods + LOOK_BACK_PERIODS;

/**
 * The state that an alarm takes on its datapoints, newest last, undefined = missing. The newest that exist decide;
 * only where there are fewer of them than evaluation periods does it matter how missing data count.
 */
export function alarmState(
  alarm: AlarmDefinition,
  datapoints: readonly (number | undefined)[],
  previous: AlarmState,
): AlarmState {
  const real = datapoints.slice(-datapointsKept(alarm)).filter((value) => value !== undefined);
  const last = real.slice(-alarm.evaluationPeriods);
  const absent = alarm.evaluationPeriods - last.length;
  const breaching = last.filter((value) => breaches(alarm, value)).length;
  if (breaching >= alarm.datapointsToAlarm) return "ALARM";
  switch (alarm.missingData) {
    case "breaching":
      return breaching + absent >= alarm.datapointsToAlarm ? "ALARM" : "OK";
    case "notBreaching":
      return "OK";
    case "ignore":
      return breaching + absent >= alarm.datapointsToAlarm ? previous : "OK";
    case "missing":
      if (last.length === 0) return "INSUFFICIENT_DATA";
      return breaching + absent >= alarm.datapointsToAlarm ? previous : "OK";
  }
}

function breaches({ comparison, threshold }: AlarmDefinition, value: number): boolean {
  switch (comparison) {
    case "GreaterThan":
      return value > threshold;
    case "GreaterThanOrEqual":
      return value >= threshold;
    case "LessThan":
      return value < threshold;
    case "LessThanOrEqual":
      return value <= threshold;
  }
}

/**
 * One alarm as time goes by: it looks at each period once, when the period is over and its samples have had
 * `delaySeconds` to arrive; samples later than that are never seen.
 */
export class Alarm {
  state: AlarmState = "INSUFFICIENT_DATA";
  private readonly datapoints: (number | undefined)[] = [];
  private evaluatedUntil: number;
  private firedAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly definition: AlarmDefinition,
    private readonly metrics: Metrics,
    private readonly delaySeconds: number,
    startSecond = 0,
  ) {
    this.evaluatedUntil = Math.floor(startSecond / definition.periodSeconds) * definition.periodSeconds;
  }

  get view(): AlarmView {
    const { name, query, comparison, threshold } = this.definition;
    return { name, state: this.state, metric: metricsOf(query), comparison, threshold, value: this.datapoints.at(-1) };
  }

  /** @returns the datapoints that made it fire, newest last, or undefined when its action isn't to be taken now. */
  tick(now: number): readonly number[] | undefined {
    const { periodSeconds, query, evaluationPeriods } = this.definition;
    let entered = false;
    while (this.evaluatedUntil + periodSeconds + this.delaySeconds <= now) {
      const from = this.evaluatedUntil;
      this.evaluatedUntil += periodSeconds;
      this.datapoints.push(readQuery(query, this.metrics, from, this.evaluatedUntil));
      if (this.datapoints.length > datapointsKept(this.definition)) this.datapoints.shift();
      const state = alarmState(this.definition, this.datapoints, this.state);
      entered ||= state === "ALARM" && this.state !== "ALARM";
      this.state = state;
    }
    if (this.state !== "ALARM") return undefined;
    if (!entered && now - this.firedAt < ACTION_REPEAT_SECONDS) return undefined;
    this.firedAt = now;
    return this.datapoints.filter((value) => value !== undefined).slice(-evaluationPeriods);
  }
}
