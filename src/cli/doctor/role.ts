import { tryQueueCalls } from "../../aws/sqs/queue-trials.js";
import { makeSqsClient } from "../../aws/sqs/sqs-client.js";
import { agentRoleOf } from "../../aws/sts/sts-agent-role.js";
import { answerOf } from "../../aws/wire/answer.js";
import type { Config } from "../../config/config.js";
import type { RoleCredentials } from "../../pipeline/ports/agent-role.js";
import { bad, type Finding, ok, warn } from "./finding.js";

const ABOUT = "agent role";
/** Stands for a message's id in the session's name and tags. */
const SESSION = "queuehand-doctor";

/** Whether AGENT_ROLE_ARN can be assumed and tagged, by one session of it, and what that may do on the worker's queue. */
export async function roleFindings(config: Config): Promise<Finding[]> {
  const role = agentRoleOf(config);
  if (!role) return [];
  try {
    const tagged = await answerOf(() => role.assume(SESSION, role.tagsFor(SESSION)));
    if (tagged.ok) {
      const works = ok(ABOUT, `sts:AssumeRole and sts:TagSession on ${config.agentRoleArn}`);
      return [works, ...(await queueFindings(tagged.value, config.queueUrl))];
    }
    const bare = await answerOf(() => role.assume(SESSION, {}));
    return [
      bare.ok
        ? bad(
            ABOUT,
            `it can be assumed, but not tagged with the message: ${tagged.detail}`,
            "permit sts:TagSession on it to the task role, and to the task role in its trust policy",
          )
        : bad(
            ABOUT,
            tagged.detail,
            "permit sts:AssumeRole and sts:TagSession on it to the task role, and to the task role in its trust policy",
          ),
    ];
  } finally {
    role.close();
  }
}

/** An agent that may receive or settle on the worker's queue needs no other hole to lose somebody's messages. */
async function queueFindings(credentials: RoleCredentials, queueUrl: string): Promise<Finding[]> {
  const client = await makeSqsClient({ queueUrl, credentials: async () => credentials });
  try {
    const trials = await answerOf((signal) => tryQueueCalls(client, queueUrl, signal));
    const permitted = trials.ok ? trials.value.filter(({ verdict }) => verdict === "permitted") : [];
    if (permitted.length === 0) return [];
    const actions = permitted.map(({ action }) => action).join(", ");
    return [warn(ABOUT, `agents may do ${actions} on the worker's own queue`, "take that out of the role's policies")];
  } finally {
    client.destroy();
  }
}
