import type { QueueAttributes } from "../../aws/sqs/queue-attributes.js";
import type { Config } from "../../config/config.js";
import { bad, type Finding, ok, span, warn } from "./finding.js";

const DAY_SECONDS = 86_400;
/** Receives that a message should have for failures of its own. */
const TRIES_LEAST = 3;

/**
 * Deployments a day × maxReceiveCount × how long agents may take. A deployment interrupts an agent that outlasts the
 * drain; its message is received anew, and after `maxReceiveCount` receives it is a dead letter.
 */
export function deploymentFindings(config: Config, queue: QueueAttributes | undefined, perDay: number): Finding[] {
  const about = "deployments";
  const { handlerTimeoutSeconds: agent, shutdownTimeoutSeconds: stop } = config;
  const count = queue?.maxReceiveCount;
  const often = perDay === 1 ? "a deployment a day" : `${perDay} deployments a day`;
  if (agent <= stop) {
    return [ok(about, `${often} interrupt no agent: each ends (${span(agent)}) within the drain (${span(stop)})`)];
  }
  if (count === undefined) return [];
  const unless = config.taskProtection === "auto" ? " where task protection doesn't hold them back" : "";
  const shorten = `let agents end within the drain: HANDLER_TIMEOUT_SECONDS ${stop} or less`;
  if (agent * perDay >= DAY_SECONDS) {
    const every = span(Math.floor(DAY_SECONDS / perDay));
    const text = `${often} come every ${every}, an agent may take ${span(agent)}: each run may be interrupted${unless}`;
    return [
      config.taskProtection === "auto"
        ? warn(about, text, shorten)
        : bad(about, text, `${shorten}, or set TASK_PROTECTION=auto`),
    ];
  }
  if (count < perDay + TRIES_LEAST) {
    const text = `${often} can interrupt the same message ${perDay === 1 ? "once" : `${perDay} times`}${unless}, of ${count} receives (maxReceiveCount)`;
    return [warn(about, text, `set maxReceiveCount to ${perDay + TRIES_LEAST} or more, or ${shorten}`)];
  }
  return [
    ok(about, `${often} leave ${count - perDay} of ${count} receives for failures, even if all meet one message`),
  ];
}
