import type { QueueReport } from "../../aws/sqs/queue-checks.js";
import type { Trial } from "../../aws/wire/trial.js";
import { bad, type Finding, ok, warn } from "./finding.js";

/** Where the queue is, as whom we ask, and what we may do there. */
export function accessFindings(report: QueueReport, queueUrl: string): Finding[] {
  return [...place(report), credentials(report), ...queue(report, queueUrl), ...report.trials.map(permission)];
}

function place({ endpoint, region, regionOfEnvironment }: QueueReport): Finding[] {
  const where = endpoint ? `${endpoint} (a custom endpoint)` : "AWS";
  if (region === undefined && !endpoint) {
    return [warn("endpoint", `${where}, with no region in the queue's URL or AWS_REGION`, "set AWS_REGION")];
  }
  if (!endpoint && regionOfEnvironment && regionOfEnvironment !== region) {
    return [
      warn(
        "endpoint",
        `${where}, region ${region} by the queue's URL, but AWS_REGION is ${regionOfEnvironment}: metrics go to the latter`,
        "set AWS_REGION to the queue's region",
      ),
    ];
  }
  return [ok("endpoint", `${where}, region ${region}`)];
}

function credentials({ credentials }: QueueReport): Finding {
  if (credentials.ok) {
    const until = credentials.value.expiresAt ? `, good until ${credentials.value.expiresAt.toISOString()}` : "";
    return ok("credentials", `found${until}`);
  }
  return bad(
    "credentials",
    `none: ${credentials.detail}`,
    "give the task a role; elsewhere set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  );
}

function queue({ queue, endpoint }: QueueReport, queueUrl: string): Finding[] {
  if (queue === undefined) return [];
  if (queue.ok) {
    const { fifo, counts } = queue.value;
    const { visible, inFlight, delayed } = counts;
    const kind = fifo ? "FIFO" : "standard";
    return [
      ok("queue", `${queueUrl} answers (${kind}; ${visible} visible, ${inFlight} in flight, ${delayed} delayed)`),
    ];
  }
  if (queue.denied) {
    return [
      warn(
        "queue",
        `${queueUrl} may not be asked for its attributes (${queue.detail}): what depends on them isn't checked`,
        "permit sqs:GetQueueAttributes; without it DLQ_URL must be set for rejected messages",
      ),
    ];
  }
  const advice = /NonExistent|DoesNotExist/.test(queue.detail)
    ? "check SQS_QUEUE_URL: account, region and name"
    : `check ${endpoint ? "the endpoint that AWS_ENDPOINT_URL names" : "the network: a VPC needs a NAT gateway or an SQS endpoint"}`;
  return [bad("queue", `${queueUrl} doesn't answer: ${queue.detail}`, advice)];
}

/** Whether a call is permitted. */
export function permission({ action, on, verdict, detail }: Trial): Finding {
  switch (verdict) {
    case "permitted":
      return ok("permission", `${action} on ${on}`);
    case "denied":
      return bad("permission", `${action} on ${on} is denied (${detail})`, `permit ${action} in the role's policy`);
    case "unknown":
      return warn("permission", `${action} on ${on} could not be tried: ${detail}`, "ask again when it answers");
    case "untried":
      return warn(
        "permission",
        `${action} on ${on} could not be tried without harm: ${detail}`,
        "see by a worker's log whether it is permitted",
      );
  }
}
