import { maskedValue } from "../text/masked.js";
import type { Environment } from "./given-settings.js";

/** The services that are called, as AWS's own variables name them; the first is for all. */
export const ENDPOINT_VARIABLES = [
  "AWS_ENDPOINT_URL",
  "AWS_ENDPOINT_URL_SQS",
  "AWS_ENDPOINT_URL_DYNAMODB",
  "AWS_ENDPOINT_URL_CLOUDWATCH",
  "AWS_ENDPOINT_URL_ECS",
  "AWS_ENDPOINT_URL_S3",
  "AWS_ENDPOINT_URL_STS",
  "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING",
  "AWS_ENDPOINT_URL_SERVICE_QUOTAS",
] as const;

const IGNORE = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";
const SWITCHES = [IGNORE, "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"] as const;
const PROXIES = ["HTTPS_PROXY", "HTTP_PROXY"] as const;

/**
 * What is wrong with AWS's own variables that say which way calls go, and with the proxies': one sentence each, with the
 * value typed. A worker would otherwise call a host that isn't there for good.
 */
export function* wayFaults(env: Environment): Generator<string> {
  for (const name of SWITCHES) {
    const value = env[name];
    if (value && value !== "true" && value !== "false") yield `${name} must be true or false, got ${told(value)}`;
  }
  for (const name of PROXIES) {
    // Lower case is the older way to write them, and wins.
    const typed = env[name.toLowerCase()] ? name.toLowerCase() : name;
    const value = env[typed];
    if (value && !isProxy(value)) {
      yield `${typed} must be the URL of an HTTP proxy, like http://proxy.example:3128, got ${told(value)}`;
    }
  }
  if (env[IGNORE] === "true") return;
  const endpoints = ENDPOINT_VARIABLES.filter((name) => env[name]);
  for (const name of endpoints) {
    if (!isEndpoint(env[name]!)) {
      yield `${name} must be an http or https URL without ? and #, like http://localhost:4566, got ${told(env[name]!)}`;
    }
  }
  for (const name of SWITCHES) {
    if (name === IGNORE || env[name] !== "true" || endpoints.length === 0) continue;
    yield `${name} chooses among AWS's own hosts and can't be true with ${endpoints[0]} ${told(env[endpoints[0]!]!)}: unset one of them`;
  }
}

function isEndpoint(value: string): boolean {
  const url = URL.parse(value);
  // `http:host` would be read as a URL too.
  return url !== null && /^https?:\/\//i.test(value) && url.search === "" && url.hash === "";
}

/** A proxy's scheme may be left out. */
function isProxy(value: string): boolean {
  const url = URL.parse(value.includes("://") ? value : `http://${value}`);
  return url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/";
}

/** A value in quotes, without what a URL may carry of secrets. */
const told = (value: string) => JSON.stringify(maskedValue(value));
