import { type Backoff, fullJitter } from "../../pipeline/ports/backoff.js";
import { sleep, systemClock } from "../../pipeline/ports/clock.js";
import { type CredentialProvider, CredentialSource } from "../wire/credentials.js";
import { JsonWire } from "../wire/json-wire.js";
import { Refusal } from "../wire/refusal.js";
import type { WireService } from "../wire/request-signer.js";
import { dynamoDbEndpoint } from "./dynamodb-endpoint.js";

/** Where DynamoDB is, and who calls it. */
export interface DynamoDbTarget {
  /** A function is asked with the first call. */
  readonly region: string | (() => Promise<string>);
  /** A function is asked with the first call, for a region. Unset: as `dynamoDbEndpoint` finds it in the environment. */
  readonly endpoint?: string | ((region: string) => Promise<string>) | undefined;
  readonly credentials: CredentialProvider;
}

export const DYNAMODB: WireService = { name: "dynamodb", target: "DynamoDB_20120810", queryMode: false };

/** Of one call, the first included. */
const TRIES = 3;
/** DynamoDB answers in milliseconds; what is silent for longer is a dead socket. Of one try. */
const CONNECT_TIMEOUT_MS = 1_000;
const TIMEOUT_MS = 2_000;
/** The SDK's figures: a table that has too much to do is given more time than a socket that broke. */
const BACKOFF_MS: Backoff = { base: 100, max: 2_000 };
const THROTTLED_BACKOFF_MS: Backoff = { base: 500, max: 2_000 };

const THROTTLED = new Set([
  "LimitExceededException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "ThrottledException",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
]);

/**
 * Calls to DynamoDB without the SDK's client. Only such calls may be made here as do no harm twice: what failed for a
 * reason that passes is tried again, until the signal aborts.
 */
export class DynamoDbCalls {
  readonly #target: DynamoDbTarget;
  #wire: Promise<JsonWire> | undefined;

  /** Makes no call, and connects on first use. */
  constructor(target: DynamoDbTarget) {
    this.#target = target;
  }

  /**
   * The answer's JSON. Rejects with the signal's reason, a socket's error, or an error whose name is DynamoDB's for it,
   * such as `ValidationException`.
   */
  async call(operation: string, input: object, signal: AbortSignal): Promise<Record<string, unknown>> {
    const wire = await this.#open();
    for (let attempt = 1; ; attempt++) {
      try {
        return await wire.call({ operation, input, signal, timeoutMs: TIMEOUT_MS, repeatable: true });
      } catch (error) {
        // `com.amazonaws.dynamodb.v20120810#X` is X.
        if (error instanceof Refusal) error.name = error.name.replace(/^.*#/, "");
        if (attempt === TRIES || signal.aborted || !passes(error)) throw error;
        await sleep(systemClock, fullJitter(isThrottled(error) ? THROTTLED_BACKOFF_MS : BACKOFF_MS, attempt), signal);
      }
    }
  }

  /** Closes the sockets, open calls included. Harmless twice. */
  close(): void {
    void this.#wire?.then(
      (wire) => wire.close(),
      () => {},
    );
  }

  #open(): Promise<JsonWire> {
    this.#wire ??= this.#opened().catch((error) => {
      this.#wire = undefined;
      throw error;
    });
    return this.#wire;
  }

  async #opened(): Promise<JsonWire> {
    const { region: given, endpoint, credentials } = this.#target;
    const region = typeof given === "string" ? given : await given();
    return new JsonWire({
      service: DYNAMODB,
      endpoint: new URL(
        typeof endpoint === "function" ? await endpoint(region) : (endpoint ?? dynamoDbEndpoint(region, process.env)),
      ),
      region,
      credentials: new CredentialSource(credentials),
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    });
  }
}

function isThrottled(error: unknown): boolean {
  return error instanceof Refusal && (THROTTLED.has(error.name) || error.$metadata.httpStatusCode === 429);
}

/** Whether the same call may well succeed soon: it was no refusal, or one for a reason that passes. */
function passes(error: unknown): boolean {
  if (error instanceof Refusal) return error.$metadata.httpStatusCode >= 500 || isThrottled(error) || error.isForTime;
  // Whoever gives the credentials has tried more than once.
  return (error as Error).name !== "CredentialsProviderError";
}
