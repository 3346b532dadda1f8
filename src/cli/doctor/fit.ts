import type { QueueAttributes } from "../../aws/sqs/queue-attributes.js";
import type { QueueReport } from "../../aws/sqs/queue-checks.js";
import type { Config } from "../../config/config.js";
import { VISIBILITY_MAX_SECONDS } from "../../pipeline/ports/queue.js";
import { bad, type Finding, ok, span, warn } from "./finding.js";
import { receivesFinding } from "./receives.js";

/** As many as the templates give a queue. */
const MAX_RECEIVE_COUNT_USUAL = 5;
/** Shorter, and a weekend without a worker loses messages. */
const RETENTION_LEAST_SECONDS = 86_400;

/** Whether settings and queue fit each other. */
export function fitFindings(config: Config, report: QueueReport): Finding[] {
  const queue = report.queue?.ok ? report.queue.value : undefined;
  return [
    ...timeFindings(config),
    ...(queue ? [...deadLetterFindings(config, report, queue), ...retentionFindings(config, report, queue)] : []),
  ];
}

/** Visibility × agent timeout × stop timeout. */
function timeFindings(config: Config): Finding[] {
  const { visibilityTimeoutSeconds: visibility, handlerTimeoutSeconds: agent, shutdownTimeoutSeconds: stop } = config;
  const findings: Finding[] = [];
  if (agent + visibility > VISIBILITY_MAX_SECONDS) {
    findings.push(
      warn(
        "visibility",
        `an agent may take ${span(agent)}, but SQS hides a message for ${span(VISIBILITY_MAX_SECONDS)} at most`,
        `lower HANDLER_TIMEOUT_SECONDS to ${VISIBILITY_MAX_SECONDS - visibility} or less`,
      ),
    );
  } else {
    const renewed = agent > visibility ? `, renewed while an agent runs (up to ${span(agent)})` : "";
    findings.push(ok("visibility", `${span(visibility)}${renewed}; a task killed hard hides its messages for as long`));
  }
  findings.push(
    agent > stop
      ? warn(
          "stop timeout",
          `agents may take ${span(agent)}, a stop waits ${span(stop)}: a deploy interrupts longer ones, and they start anew`,
          "make agents resumable or heed context.signal, or lower HANDLER_TIMEOUT_SECONDS",
        )
      : ok("stop timeout", `${span(stop)} is enough for every agent (${span(agent)})`),
  );
  return findings;
}

/** maxReceiveCount × the dead-letter queue. */
function deadLetterFindings(config: Config, report: QueueReport, queue: QueueAttributes): Finding[] {
  const about = "dead letters";
  if (queue.deadLetterArn === undefined) {
    const text = "the queue has no RedrivePolicy: a message that always fails comes again until its retention ends";
    return [bad(about, text, `give it a dead-letter queue with maxReceiveCount ${MAX_RECEIVE_COUNT_USUAL} or more`)];
  }
  const findings: Finding[] = [receivesFinding(config, queue.maxReceiveCount ?? 0)];
  if (report.deadLetterLookup?.ok === false) {
    findings.push(
      warn(
        about,
        `the URL of ${queue.deadLetterArn} can't be looked up (${report.deadLetterLookup.detail})`,
        "permit sqs:GetQueueUrl on it, or set DLQ_URL",
      ),
    );
  }
  const dead = report.deadLetters;
  if (dead?.ok === false && !dead.denied) {
    findings.push(
      bad(about, `${report.deadLetterQueueUrl} doesn't answer: ${dead.detail}`, "make that queue, or correct DLQ_URL"),
    );
  }
  if (dead?.ok && dead.value.fifo !== queue.fifo) {
    const text = "the queue and its dead-letter queue must both be FIFO queues or both not";
    findings.push(bad(about, text, "make a dead-letter queue of the same kind"));
  }
  if (dead?.ok && config.deadLetterQueueUrl && dead.value.arn !== queue.deadLetterArn) {
    findings.push(
      warn(
        about,
        `rejected messages go to ${config.deadLetterQueueUrl}, failed ones to ${queue.deadLetterArn}`,
        "unset DLQ_URL, unless two places are meant",
      ),
    );
  }
  return findings;
}

/** Retention of the queue × of its dead-letter queue × how long a message may be tried. */
function retentionFindings(config: Config, report: QueueReport, queue: QueueAttributes): Finding[] {
  const about = "retention";
  const kept = queue.retentionSeconds;
  if (kept === undefined) return [];
  const findings: Finding[] = [];
  const tries = queue.maxReceiveCount ?? 1;
  const each = config.handlerTimeoutSeconds + (config.retryBackoff?.maxSeconds ?? config.visibilityTimeoutSeconds);
  if (tries * each > kept) {
    findings.push(
      warn(
        about,
        `the queue keeps a message for ${span(kept)}, but ${tries} tries of up to ${span(each)} each may take ${span(tries * each)}: it may be gone before it is a dead letter`,
        "lengthen the queue's retention",
      ),
    );
  } else if (kept < RETENTION_LEAST_SECONDS) {
    findings.push(
      warn(about, `the queue keeps a message for ${span(kept)} only`, "an outage that lasts longer loses messages"),
    );
  } else findings.push(ok(about, `the queue keeps a message for ${span(kept)}`));

  const dead = report.deadLetters?.ok ? report.deadLetters.value.retentionSeconds : undefined;
  if (dead !== undefined) {
    findings.push(
      dead <= kept
        ? bad(
            about,
            `the dead-letter queue keeps messages for ${span(dead)}, the queue for ${span(kept)}; a dead letter keeps its first sending time, so it may be gone as soon as it arrives`,
            "set the dead-letter queue's retention above the queue's, best to 14 d",
          )
        : ok(about, `the dead-letter queue keeps messages for ${span(dead)}, longer than the queue`),
    );
  } else if (report.deadLetterQueueUrl !== undefined) {
    findings.push(
      warn(
        about,
        "the dead-letter queue's retention could not be read",
        "ask with a role that may read its attributes",
      ),
    );
  }
  return findings;
}
