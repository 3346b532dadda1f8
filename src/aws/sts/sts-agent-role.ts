import type { STSClient, Tag } from "@aws-sdk/client-sts";
import type { AgentRole, RoleCredentials } from "../../pipeline/ports/agent-role.js";
import { untilAborted } from "../../pipeline/ports/deadline.js";
import { endpointOf, regionOf } from "../wire/region.js";
import { type SdkTarget, sdkOptions } from "../wire/sdk-options.js";

export interface StsAgentRoleOptions extends SdkTarget {
  readonly roleArn: string;
  /** The queue whose name the sessions are tagged with. */
  readonly queueUrl: string;
}

/** Session tags by key. */
export type SessionTags = Readonly<Record<string, string>>;

/** The most that AWS grants a role that assumes another, and what each role grants at least. */
const SESSION_SECONDS = 3_600;
/** A message waits for this in its slot. */
const DEADLINE_MS = 5_000;
/** As many as the deadline leaves time for; the SDK waits between them, and longer when it was throttled. */
const PATIENCE = { attempts: 5, connectTimeoutMs: 1_000, requestTimeoutMs: 2_000 };

const SESSION_NAME_MAX = 64;
const SESSION_NAME_MIN = 2;
const NOT_IN_SESSION_NAMES = /[^\w+=,.@-]/g;
const TAG_VALUE_MAX = 256;
const NOT_IN_TAG_VALUES = /[^\p{L}\p{Z}\p{N}_.:/=+@-]/gu;

/**
 * The agent's role by STS, at the endpoint of the queue's region. The SDK's client is imported with the first call.
 * Errors name the operation, the role, and what STS said.
 */
export class StsAgentRole implements AgentRole {
  readonly #options: StsAgentRoleOptions;
  #client: Promise<STSClient> | undefined;

  constructor(options: StsAgentRoleOptions) {
    this.#options = options;
  }

  credentialsFor(messageId: string): Promise<RoleCredentials> {
    return this.assume(sessionName(messageId), this.tagsFor(messageId));
  }

  /** The tags of a message's session. */
  tagsFor(messageId: string): SessionTags {
    const queueName = this.#options.queueUrl.split("/").at(-1) ?? "";
    return { "queuehand:message": tagValue(messageId), "queuehand:queue": tagValue(queueName) };
  }

  /** One session of the role. Rejects after five seconds at the latest. */
  async assume(RoleSessionName: string, tags: SessionTags): Promise<RoleCredentials> {
    const { roleArn: RoleArn } = this.#options;
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const Tags: Tag[] = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    try {
      const { AssumeRoleCommand } = await import("@aws-sdk/client-sts");
      this.#client ??= makeClient(this.#options);
      const command = new AssumeRoleCommand({ RoleArn, RoleSessionName, DurationSeconds: SESSION_SECONDS, Tags });
      const { Credentials: given } = await untilAborted(
        (await this.#client).send(command, { abortSignal: signal }),
        signal,
      );
      if (!given?.AccessKeyId || !given.SecretAccessKey || !given.SessionToken || !given.Expiration) {
        throw new Error("the answer has no credentials");
      }
      return {
        accessKeyId: given.AccessKeyId,
        secretAccessKey: given.SecretAccessKey,
        sessionToken: given.SessionToken,
        expiration: given.Expiration,
      };
    } catch (error) {
      const { name, message } = error as Error;
      const fact = signal.aborted ? `no answer in ${DEADLINE_MS} ms` : `${name}: ${message}`;
      throw new Error(`sts:AssumeRole of ${RoleArn}: ${fact}`, { cause: error });
    }
  }

  close(): void {
    void this.#client?.then(
      (client) => client.destroy(),
      () => {},
    );
  }
}

/** The role that the settings name, of those who start agents for a queue; undefined where they name none. */
export function agentRoleOf(settings: {
  readonly agentRoleArn: string | undefined;
  readonly queueUrl: string;
}): StsAgentRole | undefined {
  const { agentRoleArn: roleArn, queueUrl } = settings;
  if (roleArn === undefined) return undefined;
  return new StsAgentRole({ roleArn, queueUrl, region: regionOf(queueUrl, process.env, endpointOf(process.env)) });
}

/** A message's id in the alphabet and the length of STS; those of SQS are in it as they are. */
function sessionName(messageId: string): string {
  const name = messageId.replace(NOT_IN_SESSION_NAMES, "-").slice(0, SESSION_NAME_MAX);
  return name.length < SESSION_NAME_MIN ? `message-${name}` : name;
}

function tagValue(text: string): string {
  return text.replace(NOT_IN_TAG_VALUES, "_").slice(0, TAG_VALUE_MAX);
}

async function makeClient(options: StsAgentRoleOptions): Promise<STSClient> {
  const { STSClient } = await import("@aws-sdk/client-sts");
  return new STSClient(await sdkOptions(options, PATIENCE));
}
