import type { Agent } from "node:http";
import { type CredentialProvider, CredentialSource, type Credentials, defaultCredentials } from "./credentials.js";

/** Where a service is, and who calls it. */
export interface SdkTarget {
  /** Unset: what the SDK finds. */
  readonly region?: string | undefined;
  /** Unset: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, else AWS. */
  readonly endpoint?: string | undefined;
  /** Unset: the SDK's default chain. */
  readonly credentials?: CredentialProvider | undefined;
}

export interface SdkPatience {
  /** Tries in one call, the first included. */
  readonly attempts: number;
  readonly connectTimeoutMs: number;
  /** To the answer's head; how long a body may take is for the call's signal to say. */
  readonly requestTimeoutMs: number;
}

export interface SdkOptions {
  region?: string;
  endpoint?: string;
  credentials: () => Promise<Credentials>;
  maxAttempts: number;
  requestHandler: {
    connectionTimeout: number;
    requestTimeout: number;
    throwOnRequestTimeout: true;
    httpAgent: Partial<Agent>;
    httpsAgent: Partial<Agent>;
  };
}

/** More than any worker has slots: a call must never wait behind another for a socket. */
const SOCKETS_MAX = 1_000;

/** What every client of the SDK is made with that slots wait for: credentials that outlive an outage, and sockets for all. */
export function sdkOptions({ region, endpoint, credentials }: SdkTarget, patience: SdkPatience): SdkOptions {
  const source = new CredentialSource(credentials ?? defaultCredentials);
  const agent = { maxSockets: SOCKETS_MAX, keepAlive: true };
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    credentials: async () => source.now() ?? source.fresh(),
    maxAttempts: patience.attempts,
    requestHandler: {
      connectionTimeout: patience.connectTimeoutMs,
      requestTimeout: patience.requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  };
}
