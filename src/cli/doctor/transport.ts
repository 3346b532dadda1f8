import type { TransportTrial } from "../../aws/sqs/transport-trial.js";
import { bad, type Finding, ok, warn } from "./finding.js";

const ABOUT = "transport";

/** By what a worker would call the queue, which is known to answer. */
export function transportFinding({ setting, way, refused, answer }: TransportTrial): Finding {
  if (refused !== undefined) {
    return warn(
      ABOUT,
      `our own wire is refused (${refused}): a worker goes over to the SDK's client by itself`,
      "set SQS_TRANSPORT=sdk to begin with it, and look for a newer release",
    );
  }
  // A denial is an answer too.
  if (answer.ok || /AccessDenied|NotAuthorized/.test(answer.detail)) {
    return ok(
      ABOUT,
      way === "wire" ? "our own wire is answered" : "the SDK's client is answered, as SQS_TRANSPORT asks for",
    );
  }
  const advice = setting === "wire" ? "set SQS_TRANSPORT=auto or sdk" : "see what the other lines say of the queue";
  return bad(ABOUT, answer.detail.replace(/^QueueError: /, ""), advice);
}
