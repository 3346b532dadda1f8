import { SQSClient } from "@aws-sdk/client-sqs";
import type { CredentialProvider } from "../wire/credentials.js";
import { type SdkTarget, sdkOptions } from "../wire/sdk-options.js";
import { placeOf } from "./queue-place.js";

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
}

/** A connection that isn't made by then goes to a host that doesn't answer; SQS takes a few milliseconds. */
const CONNECT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** The SDK warns on its own account of a queue by its whole URL, password included. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * The SDK's client, for commands and development; a worker's own calls go by SqsWire, and these go where those do.
 * `destroy()` it when done. Sockets and retry budget are its own.
 */
export async function makeSqsClient(options: SqsClientOptions): Promise<SQSClient> {
  const { endpoint, region } = await placeOf(options.queueUrl, options);
  return sqsClientAt(
    { region, endpoint: endpoint.href, credentials: options.credentials },
    options.maxAttempts ?? 3,
    options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  );
}

/**
 * The SDK's client for one endpoint.
 * @param requestTimeoutMs undefined where each call brings a deadline of its own.
 */
export async function sqsClientAt(target: SdkTarget, attempts: number, requestTimeoutMs?: number): Promise<SQSClient> {
  const patience = {
    attempts,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    ...(requestTimeoutMs !== undefined && { requestTimeoutMs }),
  };
  return new SQSClient({
    ...(await sdkOptions(target, patience)),
    logger: SILENT,
    // Off: one bad body would fail the whole receive. Each message is checked by itself.
    md5: false,
    // All is in the endpoint already: the SDK would take GetQueueUrl elsewhere than calls with a URL, and has the URL's
    // host win over an endpoint of the environment.
    useQueueUrlAsEndpoint: false,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  });
}
