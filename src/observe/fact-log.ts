import { type Clock, systemClock } from "../pipeline/ports/clock.js";
import type { OutcomeKind } from "../pipeline/ports/outcome.js";
import type { DeliveryFacts, Fact, Telemetry } from "../pipeline/ports/telemetry.js";
import { cut, textOf } from "../pipeline/ports/thrown.js";
import type { Logger } from "./log.js";

/** Lines about single messages in one second; in a storm of failures the summary tells how many more there were. */
const LINES_PER_SECOND = 100;
const REASON_MAX = 500;

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
    const logger = this.#logger;
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
        if (this.#debug) {
          logger.debug({ ...about(fact.delivery), cause: fact.cause, reason: fact.reason }, "message released");
        }
        return;
      case "retriedHere":
        if (this.#mayTell()) {
          const { delivery, agentMs, afterSeconds } = fact;
          const waits =
            afterSeconds === undefined ? { until: "the breaker closes" } : { afterSeconds: tenth(afterSeconds) };
          logger.warn(
            { ...about(delivery), agentMs: tenth(agentMs), ...waits, ...causeOf(fact.cause) },
            "agent failed: the message is tried again under its lease",
          );
        }
        return;
      case "deferred":
        if (this.#mayTell()) {
          logger.warn(
            { ...about(fact.delivery), afterSeconds: fact.afterSeconds, reason: cut(fact.reason, REASON_MAX) },
            "message deferred",
          );
        }
        return;
      case "receiveFailed":
        if (!fact.changed) return;
        logger.warn(
          {
            cause: fact.cause,
            failures: fact.failures,
            ...(fact.retryInMs === undefined ? {} : { retryInMs: Math.round(fact.retryInMs) }),
            err: fact.error,
          },
          "receive failed",
        );
        return;
      case "receiveRecovered":
        logger.info({ failures: fact.failures }, "receive recovered");
        return;
      case "settleFailed":
        if (this.#mayTell()) {
          logger.warn({ operation: fact.operation, messages: fact.count, err: fact.error }, "settling failed");
        }
        return;
      case "extendFailed":
        if (this.#mayTell()) logger.warn({ messages: fact.count, err: fact.error }, "extending leases failed");
        return;
      case "leaseLost":
        if (this.#mayTell()) logger.warn({ ...about(fact.delivery), reason: fact.reason }, "lease lost");
        return;
      case "abortIgnored":
        if (this.#mayTell()) {
          logger.warn(
            { ...about(fact.delivery), cause: fact.cause, sinceMs: Math.round(fact.sinceMs) },
            "agent ran on after it was aborted",
          );
        }
        return;
      case "progress":
        if (this.#mayTell())
          logger.info({ ...about(fact.delivery), note: cut(fact.note, REASON_MAX) }, "agent reported");
        return;
      case "checkpoint": {
        if (!this.#mayTell()) return;
        const told = { ...about(fact.delivery), cause: fact.cause, elapsedMs: Math.round(fact.elapsedMs) };
        if (fact.saved) logger.info(told, "agent saved its checkpoint");
        else logger.warn({ ...told, err: fact.error }, "agent did not save its checkpoint");
        return;
      }
      case "repeated":
        if (fact.found === "late") {
          if (this.#mayTell())
            logger.warn(about(fact.delivery), "another run took the message's key: result discarded");
        } else if (this.#debug) logger.debug({ ...about(fact.delivery), found: fact.found }, "message's key was known");
        return;
      case "oddAnswer":
        if (this.#mayTell()) logger.warn({ detail: fact.detail, count: fact.count }, "queue answered oddly");
        return;
      case "lifecycle":
        logger.info({ state: fact.state, ...(fact.detail ? { detail: fact.detail } : {}) }, `worker ${fact.state}`);
        return;
      case "draining": {
        const { running, unstarted, openPolls } = fact;
        const until = (ms: number) => new Date(this.#clock.wall() + ms).toISOString();
        logger.info(
          {
            running,
            unstarted,
            openPolls,
            ...(openPolls > 0 ? { pollsEndAt: until(fact.pollsMs) } : {}),
            endsAt: until(fact.budgetMs),
          },
          "drain waits for agents, for messages that still get their run, and for open polls to end",
        );
        return;
      }
      case "listening":
        logger.info({ host: fact.host, port: fact.port }, "health and metrics served");
        return;
      case "breaker": {
        const fields = { failures: fact.failures, of: fact.of };
        if (fact.open) logger.error(fields, "breaker opened: most agents fail, messages go one at a time");
        else logger.info(fields, "breaker closed: agents succeed again");
        return;
      }
      case "protection": {
        const text = fact.on ? "task protected from scale-in and deployments" : "task no longer protected";
        // Twice for each spell of work of each task; what follows a warning is worth as much as that.
        logger[fact.failures > 0 ? "info" : "debug"]({ failures: fact.failures }, text);
        return;
      }
      case "protectionFailed":
        logger.warn(
          {
            trouble: fact.trouble,
            retryInMs: Math.round(fact.retryInMs),
            lastsMs: Math.round(fact.lastsMs),
            err: fact.error,
          },
          fact.on ? "task could not be protected: it works on unprotected" : "task's protection could not be ended",
        );
        return;
      case "transportChanged":
        logger.warn(
          { service: fact.service, err: fact.error },
          `${fact.service} refused our own wire: its calls go by the SDK's client from now on`,
        );
        return;
      case "fatal":
        logger.error({ err: fact.error ?? textOf(fact.error) }, fact.text);
        return;
      case "warning":
        logger.warn(fact.error === undefined ? {} : { err: fact.error }, fact.text);
        return;
      default:
        fact satisfies never;
    }
  };

  #settled(fact: Extract<Fact, { kind: "settled" }>): void {
    const level = fact.certain ? LEVELS[fact.outcome] : "warn";
    if (level === "debug" ? !this.#debug : !this.#mayTell()) return;
    this.#logger[level](
      {
        ...about(fact.delivery),
        outcome: fact.outcome,
        ...deadLetterOf(fact),
        ...(fact.withoutRun ? { withoutRun: fact.withoutRun } : {}),
        agentMs: tenth(fact.agentMs),
        ...causeOf(fact.cause),
      },
      fact.certain ? "message settled" : "message not surely settled: it may come again",
    );
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

function about({ messageId, receiveCount, groupId, body }: DeliveryFacts): Record<string, unknown> {
  return {
    messageId,
    receiveCount,
    ...(groupId === undefined ? {} : { groupId }),
    ...(body === undefined ? {} : { body }),
  };
}

/** A dead letter is called one where it happens. */
function deadLetterOf({ outcome, certain, deadLettered, lastReceive }: Extract<Fact, { kind: "settled" }>) {
  if (deadLettered || (outcome === "reject" && certain)) return { deadLetter: "copied" };
  return lastReceive ? { deadLetter: "at its next receive" } : {};
}

const tenth = (value: number) => Math.round(value * 10) / 10;

function causeOf(cause: unknown): Record<string, unknown> {
  if (cause === undefined) return {};
  return typeof cause === "string" ? { reason: cut(cause, REASON_MAX) } : { err: cause };
}
