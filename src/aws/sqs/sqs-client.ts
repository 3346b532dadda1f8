import { SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { type CredentialProvider, CredentialSource, defaultCredentials } from "../wire/credentials.js";
import { endpointOf, regionOf } from "../wire/region.js";

/** Where and as whom to talk to SQS; what is left out comes from the environment, as AWS's own tools read it. */
export interface SqsClientOptions {
  readonly queueUrl: string;
  readonly region?: string;
  /** Wins over the host in the queue's URL. */
  readonly endpoint?: string;
  readonly credentials?: CredentialProvider;
  /** How often one call is tried, the first time included; 3 if unset. */
  readonly maxAttempts?: number;
  /** Longest time from a call's start to its answer's head, in milliseconds; 30,000 if unset. */
  readonly requestTimeoutMs?: number;
  readonly onStaleCredentials?: (error: unknown) => void;
  readonly logger?: SQSClientConfig["logger"];
}

/** A connection that isn't made by then goes to a host that doesn't answer; SQS takes a few milliseconds. */
const CONNECT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** More than any worker keeps open: a call must never wait behind another for a socket. */
const SOCKETS_MAX = 1_000;

/**
 * The SDK's client, for commands and development; a worker's own calls go by SqsWire. `destroy()` it when done. Sockets
 * and retry budget are its own.
 */
export function makeSqsClient(options: SqsClientOptions): SQSClient {
  const endpoint = options.endpoint ?? endpointOf(process.env);
  const region = options.region ?? regionOf(options.queueUrl, process.env, endpoint);
  const source = new CredentialSource(options.credentials ?? defaultCredentials, options.onStaleCredentials);
  const agent = { maxSockets: SOCKETS_MAX, keepAlive: true };
  const config: SQSClientConfig = {
    maxAttempts: options.maxAttempts ?? 3,
    // Off: one bad body would fail the whole receive. Each message is checked by itself.
    md5: false,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
    ...(region !== undefined && { region }),
    // Given from here because the SDK prefers the queue URL's host to an endpoint that it read from the environment.
    ...(endpoint !== undefined && { endpoint, useQueueUrlAsEndpoint: false }),
    ...(options.logger && { logger: options.logger }),
    credentials: async () => source.now() ?? source.fresh(),
  };
  return new SQSClient(config);
}
