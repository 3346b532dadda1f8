/** A line that the worker writes. */
export interface LogEvent {
  /** The line's `msg`, by which it is found. */
  readonly text: string;
  readonly level: "debug" | "info" | "warn" | "error";
  /** Where its level depends on what happened: how. */
  readonly levels?: string;
  /** What it means, as docs/operations.md says it too. */
  readonly meaning: string;
}

/**
 * The lines about facts, one kind each. docs/operations.md has them as a table, which is checked against this one. Lines
 * of `warning` and `fatal` facts have texts of their own.
 */
export const EVENTS = {
  settled: {
    text: "message settled",
    level: "warn",
    levels: "`debug` for `done`, `info` for `interrupted`, else `warn`",
    meaning:
      "a delivery's end: `outcome`, `agentMs`; `deadLetter` says how it became one, `withoutRun` why no agent saw it",
  },
  uncertain: {
    text: "message not surely settled: it may come again",
    level: "warn",
    meaning: "as above, but its lease ended before the queue had said so",
  },
  released: { text: "message released", level: "debug", meaning: "made visible again without an outcome: `cause`" },
  retriedHere: {
    text: "agent failed: the message is tried again under its lease",
    level: "warn",
    meaning: "no receive is spent: a FIFO head, or an outage; `afterSeconds`, or `until` the breaker closes",
  },
  busy: {
    text: "provider is busy: its budget pauses, and the message waits under its lease",
    level: "warn",
    meaning: "what `budget` names takes no call, for `seconds` where it says so",
  },
  deferred: { text: "message deferred", level: "warn", meaning: "held back here for `afterSeconds`" },
  receiveFailed: {
    text: "receive failed",
    level: "warn",
    meaning: "the first of a row, and each with another `cause` than before; `failures`, `retryInMs`",
  },
  receiveRecovered: { text: "receive recovered", level: "info", meaning: "the row is over, after `failures`" },
  settleFailed: {
    text: "settling failed",
    level: "warn",
    meaning: "a batch's `operation` (delete, visibility, deadLetter) failed for `messages`; it is tried again",
  },
  extendFailed: { text: "extending leases failed", level: "warn", meaning: "for `messages`; it is tried again" },
  leaseLost: {
    text: "lease lost",
    level: "warn",
    meaning: "the message may be somebody else's by now: its agent is aborted, `reason`",
  },
  abortIgnored: {
    text: "agent ran on after it was aborted",
    level: "warn",
    meaning: "every 10 s while it does: the `cause` of the abort, `sinceMs`",
  },
  progress: { text: "agent reported", level: "info", meaning: "what `progress` was given: `note`" },
  checkpointSaved: {
    text: "agent saved its checkpoint",
    level: "info",
    meaning: "before an abort; its `cause`, `elapsedMs`",
  },
  checkpointLost: {
    text: "agent did not save its checkpoint",
    level: "warn",
    meaning: "it failed to, or took too long",
  },
  resultDiscarded: {
    text: "another run took the message's key: result discarded",
    level: "warn",
    meaning: "the claim on its idempotency key ended while the agent ran",
  },
  repeated: {
    text: "message's key was known",
    level: "debug",
    meaning: "`found`: its key was `finished`, `held` by another run, or used with `otherPayload`",
  },
  oddAnswer: {
    text: "queue answered oddly",
    level: "warn",
    meaning: "an answer that SQS wouldn't give, in `detail`; `count` messages or entries",
  },
  lifecycle: {
    text: "worker STATE",
    level: "info",
    meaning: "`state`: starting, running, draining, stopped, with `detail` of what starts it or why it stops",
  },
  draining: {
    text: "drain waits for agents, for messages that still get their run, and for open polls to end",
    level: "info",
    meaning:
      "what a stop waits for: `running`, `unstarted`, `openPolls` until `pollsEndAt`, and until `endsAt` at most",
  },
  listening: { text: "health and metrics served", level: "info", meaning: "at `host` and `port`" },
  breakerOpened: {
    text: "breaker opened: most agents fail, messages go one at a time",
    level: "error",
    meaning: "`failures` of the last `of` agents",
  },
  breakerClosed: { text: "breaker closed: agents succeed again", level: "info", meaning: "the storm is over" },
  protected: {
    text: "task protected from scale-in and deployments",
    level: "debug",
    levels: "`debug`; `info` after failures",
    meaning: "a long run is at work, and ECS will not stop the task",
  },
  unprotected: {
    text: "task no longer protected",
    level: "debug",
    levels: "`debug`; `info` after failures",
    meaning: "no long run is at work",
  },
  protectionRefused: {
    text: "task could not be protected: it works on unprotected",
    level: "warn",
    meaning: "`trouble`, `retryInMs`, and `lastsMs` of an earlier protection",
  },
  protectionStuck: {
    text: "task's protection could not be ended",
    level: "warn",
    meaning: "as above; it ends by itself",
  },
  transportChanged: {
    text: "SERVICE refused our own wire: its calls go by the SDK's client from now on",
    level: "warn",
    meaning: "`service`: SQS or DynamoDB ([decision 001](decisions/001-two-ways-to-sqs.md))",
  },
  summary: {
    text: "summary",
    level: "info",
    meaning: "every 10 s in which anything happened: what `outcomes`, how many a second, times, troubles",
  },
} as const satisfies Record<string, LogEvent>;
