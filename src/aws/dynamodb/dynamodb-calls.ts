import { type Backoff, fullJitter } from "../../pipeline/ports/backoff.js";
import { sleep, systemClock } from "../../pipeline/ports/clock.js";
import { refusalIn } from "../wire/both-failed.js";
import { type CredentialProvider, CredentialSource } from "../wire/credentials.js";
import { JsonWire, type WireTarget } from "../wire/json-wire.js";
import type { WireService } from "../wire/request-signer.js";
import type { Transport } from "../wire/transport.js";
import { dynamoDbEndpoint } from "./dynamodb-endpoint.js";

/** Where DynamoDB is, and who calls it. */
export interface DynamoDbTarget {
  /** A function is asked with the first call. */
  readonly region: string | (() => Promise<string>);
  /** A function is asked with the first call, for a region. Unset: as `dynamoDbEndpoint` finds it in the environment. */
  readonly endpoint?: string | ((region: string) => Promise<string>) | undefined;
  readonly credentials: CredentialProvider;
  /** Puts the SDK's client behind the wire. Unset: there is the wire alone, and a bundle has no SDK in it. */
  readonly transport?: ((wire: Transport, target: WireTarget) => Transport) | undefined;
}

export const DYNAMODB: WireService = { name: "dynamodb", target: "DynamoDB_20120810", queryMode: false };

/** Of one call, the first included. */
const TRIES = 3;
/** DynamoDB answers in milliseconds; what is silent for longer is a dead socket. Of one try. */
export const CONNECT_TIMEOUT_MS = 1_000;
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
 * Calls to DynamoDB, as a rule without the SDK's client. Only such calls may be made here as do no harm twice: what failed for a
 * reason that passes is tried again, until the signal aborts.
 */
export class DynamoDbCalls {
  readonly #target: DynamoDbTarget;
  #wire: Promise<Transport> | undefined;

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

  #open(): Promise<Transport> {
    this.#wire ??= this.#opened().catch((error) => {
      this.#wire = undefined;
      throw error;
    });
    return this.#wire;
  }

  async #opened(): Promise<Transport> {
    const { region: given, endpoint, credentials, transport } = this.#target;
    const region = typeof given === "string" ? given : await given();
    const target: WireTarget = {
      endpoint: new URL(
        typeof endpoint === "function" ? await endpoint(region) : (endpoint ?? dynamoDbEndpoint(region, process.env)),
      ),
      region,
      credentials: new CredentialSource(credentials),
    };
    const wire = new JsonWire({ service: DYNAMODB, connectTimeoutMs: CONNECT_TIMEOUT_MS, ...target });
    return transport?.(wire, target) ?? wire;
  }
}

function isThrottled(error: unknown): boolean {
  const refusal = refusalIn(error);
  return refusal !== undefined && (THROTTLED.has(refusal.name) || refusal.$metadata.httpStatusCode === 429);
}

/** Whether the same call may well succeed soon: it was no refusal, or one for a reason that passes. */
function passes(error: unknown): boolean {
  const refusal = refusalIn(error);
  if (refusal) return refusal.$metadata.httpStatusCode >= 500 || isThrottled(refusal) || refusal.isForTime;
  // Whoever gives the credentials has tried more than once.
  return (error as Error).name !== "CredentialsProviderError";
}
