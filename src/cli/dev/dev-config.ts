import { type Config, loadConfig } from "../../config/config.js";
import { packageFile } from "../../package/own-files.js";
import { freePort } from "./free-port.js";

type Variables = Readonly<Record<string, string | undefined>>;

const SAMPLE_AGENT = "examples/task-agent.mjs";
/** Settings of tables, buckets and roles elsewhere, of ways to there, and of signatures that no sample message has. */
const NOT_HERE = /^(IDEMPOTENCY_|PAYLOAD_|AWS_|(AGENT_ROLE_ARN|WEBHOOK_SIGNATURE)$|https?_proxy$)/i;
/** A failing message is to reach the dead-letter queue while one watches: a second, not a visibility timeout. */
const RETRY_BACKOFF = "1,1";
const HTTP_PORT_FIRST = 8080;

/**
 * The settings of `dev`: those of the environment, but the queue is the embedded one, and whatever would leave this
 * machine is off.
 * @param limited whether it only works off a number of messages: then it is quiet and serves no page.
 * @throws ConfigError with every fault.
 */
export async function devConfig(variables: Variables, queueUrl: string, limited: boolean): Promise<Config> {
  const local = Object.entries(variables).filter(([name]) => !NOT_HERE.test(name));
  return loadConfig(
    {
      ...Object.fromEntries(local),
      SQS_QUEUE_URL: queueUrl,
      DLQ_URL: undefined,
      METRICS: variables.METRICS === "cloudwatch" ? "off" : variables.METRICS,
      HANDLER: variables.HANDLER || packageFile(SAMPLE_AGENT),
      RETRY_BACKOFF_SECONDS: variables.RETRY_BACKOFF_SECONDS || RETRY_BACKOFF,
      LOG_LEVEL: variables.LOG_LEVEL || (limited ? "warn" : "info"),
      HTTP_PORT: variables.HTTP_PORT || (limited ? "off" : await freeHttpPort(variables)),
    },
    "dev",
  );
}

async function freeHttpPort({ HTTP_HOST }: Variables): Promise<string> {
  return String(await freePort(HTTP_PORT_FIRST, HTTP_HOST || "127.0.0.1"));
}
