import type { Agent } from "node:http";
import { type CredentialProvider, CredentialSource, type Credentials, defaultCredentials } from "./credentials.js";
import { sdkAgents } from "./proxy.js";

/** Where a service is, and who calls it. */
export interface SdkTarget {
  /** Unset: what the SDK finds. */
  readonly region?: string | undefined;
  /** Unset: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, else AWS. */
  readonly endpoint?: string | undefined;
  /** Unset: the SDK's default chain. */
  readonly credentials?: CredentialProvider | CredentialSource | undefined;
}

export interface SdkPatience {
  /** Tries in one call, the first included. */
  readonly attempts: number;
  readonly connectTimeoutMs: number;
  /** To the answer's head; how long a body may take is for the call's signal to say, and all of it where this is unset. */
  readonly requestTimeoutMs?: number;
}

export interface SdkOptions {
  region?: string;
  endpoint?: string;
  credentials: () => Promise<Credentials>;
  maxAttempts: number;
  requestHandler: {
    connectionTimeout: number;
    requestTimeout?: number;
    throwOnRequestTimeout: true;
    httpAgent: Partial<Agent>;
    httpsAgent: Partial<Agent>;
  };
}

/**
 * What every client of the SDK is made with: credentials that outlive an outage, sockets for all slots, and the way past
 * a proxy.
 */
export async function sdkOptions(
  { region, endpoint, credentials }: SdkTarget,
  patience: SdkPatience,
): Promise<SdkOptions> {
  const source =
    credentials instanceof CredentialSource ? credentials : new CredentialSource(credentials ?? defaultCredentials);
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    credentials: async () => source.now() ?? source.fresh(),
    maxAttempts: patience.attempts,
    requestHandler: {
      connectionTimeout: patience.connectTimeoutMs,
      ...(patience.requestTimeoutMs !== undefined && { requestTimeout: patience.requestTimeoutMs }),
      throwOnRequestTimeout: true,
      ...(await sdkAgents()),
    },
  };
}
