import { type Config, loadConfig } from "../config/config.js";
import { namesQueue } from "../config/queue-name.js";
import { QueueError } from "../pipeline/ports/queue.js";
import { ExitCode } from "./exit-code.js";
import { CommandError } from "./failure.js";
import { checkWaysToAws } from "./ways-to-aws.js";

/**
 * The settings of a worker, checked, with ways to AWS and the URL of a queue that is named otherwise.
 * @param besides what else is to be seen to, at the same time as the ways to AWS.
 * @throws ConfigError with every fault of the settings, before anything is asked of AWS.
 * @throws CommandError where the queue can't be looked up.
 */
export async function runConfig(
  variables: Readonly<Record<string, string | undefined>>,
  besides: (config: Config) => Promise<unknown> = async () => {},
): Promise<Config> {
  const config = loadConfig(variables, "run");
  await Promise.all([checkWaysToAws(variables), besides(config)]);
  if (!namesQueue(variables)) return config;
  // Loaded where it is needed: a start by URL must not pay for it.
  const { withQueueUrls } = await import("../worker/queue-urls.js");
  return loadConfig(await lookedUp(withQueueUrls(variables)), "run");
}

/** What a look-up brings; what SQS says against it becomes a CommandError. */
export async function lookedUp<Found>(found: Promise<Found>): Promise<Found> {
  try {
    return await found;
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    throw new CommandError(error.message, error.kind === "fatal" ? ExitCode.unavailable : ExitCode.failed);
  }
}
