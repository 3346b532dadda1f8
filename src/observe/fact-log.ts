import { type Clock, systemClock } from "../pipeline/ports/clock.js";
import type { OutcomeKind } from "../pipeline/ports/outcome.js";
import type { Fact, Telemetry } from "../pipeline/ports/telemetry.js";
import { cut, textOf } from "../pipeline/ports/thrown.js";
import { EVENTS, type LogEvent } from "./events.js";
import { about, deadLetterOf, REASON_MAX, tenth, waitOf, whyOf } from "./fact-fields.js";
import type { Logger } from "./log.js";

/** Lines about single messages in one second; in a storm of failures the summary tells how many more there were. */
const LINES_PER_SECOND = 100;

/** How loudly each end of a message is told. A success at `info` would cost more than the compute. */
const LEVELS: Readonly<Record<OutcomeKind, "debug" | "info" | "warn">> = {
  done: "debug",
  retry: "warn",
  reject: "warn",
  defer: "warn",
  interrupted: "info",
  leaseLost: "warn",
};

/**
 * Turns facts into log lines: failures, changes of state, odd answers. Lines about single messages are limited in
 * number, and a streak of failed receives is told when it begins, when its cause changes, and when it is over.
 */
export class FactLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #debug: boolean;
  #second = Number.NEGATIVE_INFINITY;
  #linesInSecond = 0;
  #suppressed = 0;

  constructor(logger: Logger, clock: Clock = systemClock) {
    this.#logger = logger;
    this.#clock = clock;
    this.#debug = logger.isLevelEnabled("debug");
  }

  /** Lines left out so far. */
  get suppressed(): number {
    return this.#suppressed;
  }

  /** The listener; bound, so that it can be handed to `fanOut` as it is. */
  readonly record: Telemetry = (fact) => {
    switch (fact.kind) {
      case "received":
      case "started":
      case "ended":
      // The message's end tells of it.
      case "crashed":
        return;
      case "settled":
        return this.#settled(fact);
      case "released":
        if (!this.#debug) return;
        return this.#say(EVENTS.released, { ...about(fact.delivery), cause: fact.cause, reason: fact.reason });
      case "retriedHere":
        if (!this.#mayTell()) return;
        return this.#say(EVENTS.retriedHere, {
          ...about(fact.delivery),
          agentMs: tenth(fact.agentMs),
          ...waitOf(fact.afterSeconds),
          ...whyOf(fact.cause),
        });
      case "deferred":
        if (!this.#mayTell()) return;
        return this.#say(EVENTS.deferred, {
          ...about(fact.delivery),
          afterSeconds: fact.afterSeconds,
          ...whyOf(fact.reason),
        });
      case "busy":
        if (!this.#mayTell()) return;
        return this.#say(EVENTS.busy, {
          ...about(fact.delivery),
          budget: fact.budget,
          ...(fact.seconds === undefined ? {} : { seconds: fact.seconds }),
          ...whyOf(fact.reason),
        });
      case "receiveFailed":
        if (!fact.changed) return;
        return this.#say(EVENTS.receiveFailed, {
          cause: fact.cause,
          failures: fact.failures,
          ...(fact.retryInMs === undefined ? {} : { retryInMs: Math.round(fact.retryInMs) }),
          ...whyOf(fact.error),
        });
      case "receiveRecovered":
        return this.#say(EVENTS.receiveRecovered, { failures: fact.failures });
      case "settleFailed":
        if (!this.#mayTell()) return;
        return this.#say(EVENTS.settleFailed, {
          operation: fact.operation,
          messages: fact.count,
          ...whyOf(fact.error),
        });
      case "extendFailed":
        if (this.#mayTell()) this.#say(EVENTS.extendFailed, { messages: fact.count, ...whyOf(fact.error) });
        return;
      case "leaseLost":
        if (this.#mayTell()) this.#say(EVENTS.leaseLost, { ...about(fact.delivery), ...whyOf(fact.reason) });
        return;
      case "abortIgnored":
        if (!this.#mayTell()) return;
        return this.#say(EVENTS.abortIgnored, {
          ...about(fact.delivery),
          cause: fact.cause,
          sinceMs: Math.round(fact.sinceMs),
        });
      case "progress":
        if (this.#mayTell()) this.#say(EVENTS.progress, { ...about(fact.delivery), note: cut(fact.note, REASON_MAX) });
        return;
      case "checkpoint": {
        if (!this.#mayTell()) return;
        const told = { ...about(fact.delivery), cause: fact.cause, elapsedMs: Math.round(fact.elapsedMs) };
        if (fact.saved) this.#say(EVENTS.checkpointSaved, told);
        else this.#say(EVENTS.checkpointLost, { ...told, ...whyOf(fact.error) });
        return;
      }
      case "repeated":
        if (fact.found === "late") {
          if (this.#mayTell()) this.#say(EVENTS.resultDiscarded, about(fact.delivery));
        } else if (this.#debug) this.#say(EVENTS.repeated, { ...about(fact.delivery), found: fact.found });
        return;
      case "oddAnswer":
        if (this.#mayTell()) this.#say(EVENTS.oddAnswer, { detail: fact.detail, count: fact.count });
        return;
      case "lifecycle": {
        const { state, detail } = fact;
        return this.#say(EVENTS.lifecycle, { state, ...(detail ? { detail } : {}) }, { STATE: state });
      }
      case "draining":
        return this.#draining(fact);
      case "listening":
        return this.#say(EVENTS.listening, { host: fact.host, port: fact.port });
      case "breaker": {
        const event = fact.open ? EVENTS.breakerOpened : EVENTS.breakerClosed;
        return this.#say(event, { failures: fact.failures, of: fact.of });
      }
      case "protection": {
        const event = fact.on ? EVENTS.protected : EVENTS.unprotected;
        // Twice for each spell of work of each task; what follows a warning is worth as much as that.
        this.#logger[fact.failures > 0 ? "info" : event.level]({ failures: fact.failures }, event.text);
        return;
      }
      case "protectionFailed":
        return this.#say(fact.on ? EVENTS.protectionRefused : EVENTS.protectionStuck, {
          trouble: fact.trouble,
          retryInMs: Math.round(fact.retryInMs),
          lastsMs: Math.round(fact.lastsMs),
          ...whyOf(fact.error),
        });
      case "transportChanged": {
        const { service, error } = fact;
        return this.#say(EVENTS.transportChanged, { service, ...whyOf(error) }, { SERVICE: service });
      }
      case "fatal":
        this.#logger.error(whyOf(fact.error ?? textOf(fact.error)), fact.text);
        return;
      case "warning":
        this.#logger.warn(whyOf(fact.error), fact.text);
        return;
      default:
        fact satisfies never;
    }
  };

  #say(event: LogEvent, fields: object, names: Readonly<Record<string, string>> = {}): void {
    let { text } = event;
    for (const [name, value] of Object.entries(names)) text = text.replace(name, value);
    this.#logger[event.level](fields, text);
  }

  #settled(fact: Extract<Fact, { kind: "settled" }>): void {
    const event = fact.certain ? EVENTS.settled : EVENTS.uncertain;
    const level = fact.certain ? LEVELS[fact.outcome] : event.level;
    if (level === "debug" ? !this.#debug : !this.#mayTell()) return;
    this.#logger[level](
      {
        ...about(fact.delivery),
        outcome: fact.outcome,
        ...deadLetterOf(fact),
        ...(fact.withoutRun ? { withoutRun: fact.withoutRun } : {}),
        agentMs: tenth(fact.agentMs),
        ...whyOf(fact.cause),
      },
      event.text,
    );
  }

  #draining({ running, unstarted, openPolls, pollsMs, budgetMs }: Extract<Fact, { kind: "draining" }>): void {
    const until = (ms: number) => new Date(this.#clock.wall() + ms).toISOString();
    this.#say(EVENTS.draining, {
      running,
      unstarted,
      openPolls,
      ...(openPolls > 0 ? { pollsEndAt: until(pollsMs) } : {}),
      endsAt: until(budgetMs),
    });
  }

  #mayTell(): boolean {
    const second = Math.floor(this.#clock.monotonic() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#linesInSecond = 0;
    }
    if (this.#linesInSecond++ < LINES_PER_SECOND) return true;
    this.#suppressed++;
    return false;
  }
}
