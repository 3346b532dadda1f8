import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** The services that are called from here, as the SDK's settings name them. */
export const SERVICES = [
  "SQS",
  "DYNAMODB",
  "CLOUDWATCH",
  "ECS",
  "S3",
  "STS",
  "APPLICATION_AUTO_SCALING",
  "SERVICE_QUOTAS",
] as const;

/** Variables, and the keys of a profile that say the same. */
const SWITCHES = [
  ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls"],
  ["AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"],
  ["AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"],
] as const;

/**
 * The environment, and below it what the profile of AWS's shared files says of ways to AWS, as the variables that would
 * say the same: region, endpoints, and the switches. Precedence is the SDK's: any AWS_ENDPOINT_URL beats all of a profile's.
 * The files' reader is loaded only where there is a file. Rejects when the profile names a `services` section that there
 * is none of.
 */
export async function withProfile(env: Environment): Promise<Environment> {
  if (!hasFiles(env)) return env;
  const { CONFIG_PREFIX_SEPARATOR, getProfileName, loadSharedConfigFiles } = await import("@smithy/core/config");
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const name = getProfileName({});
  const profile: Environment = { ...credentialsFile[name], ...configFile[name] };
  const said: Record<string, string | undefined> = {};
  for (const [variable, key] of SWITCHES) said[variable] = profile[key];
  if (!env.AWS_DEFAULT_REGION) said.AWS_REGION = profile.region;
  if (!env.AWS_ENDPOINT_URL) {
    said.AWS_ENDPOINT_URL = profile.endpoint_url;
    const services = profile.services ? servicesOf(name, profile.services) : {};
    for (const service of SERVICES) {
      const key = [service.toLowerCase(), "endpoint_url"].join(CONFIG_PREFIX_SEPARATOR);
      said[`AWS_ENDPOINT_URL_${service}`] = services[key];
    }
  }
  for (const [variable, value] of Object.entries(env)) if (value) said[variable] = value;
  return said;

  function servicesOf(of: string, named: string): Environment {
    const section = ["services", named].join(CONFIG_PREFIX_SEPARATOR);
    if (Object.hasOwn(configFile, section)) return configFile[section]!;
    throw new Error(`profile ${of} names the services section "${named}", which its file doesn't have`);
  }
}

/** Whether there is anything to read; a path that begins with ~ is the reader's to understand. */
function hasFiles(env: Environment): boolean {
  const folder = join(env.HOME || homedir(), ".aws");
  const files = [
    env.AWS_CONFIG_FILE || join(folder, "config"),
    env.AWS_SHARED_CREDENTIALS_FILE || join(folder, "credentials"),
  ];
  return files.some((file) => file.startsWith("~/") || existsSync(file));
}
