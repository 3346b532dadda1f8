import { withProfile } from "../aws/wire/profile.js";
import { ConfigError } from "../config/config.js";
import { wayFaults } from "../config/ways-to-aws.js";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Sees that calls to AWS have a way, by the environment and by the profile of AWS's shared files.
 * @throws ConfigError with every fault found; those of a profile are named by the variables that would say the same.
 */
export async function checkWaysToAws(env: Environment): Promise<void> {
  const faults = await waysToAwsFaults(env);
  if (faults.length > 0) throw new ConfigError(faults);
}

/** The faults that `checkWaysToAws` throws. */
export async function waysToAwsFaults(env: Environment): Promise<readonly string[]> {
  const own = [...wayFaults(env)];
  if (own.length > 0) return own;
  try {
    const profile = `profile ${env.AWS_PROFILE || "default"} in AWS's shared files, as if in the environment`;
    return [...wayFaults(await withProfile(env))].map((fault) => `${profile}: ${fault}`);
  } catch (error) {
    return [(error as Error).message];
  }
}
