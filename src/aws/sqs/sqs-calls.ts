import { fullJitter } from "../../pipeline/ports/backoff.js";
import { sleep, systemClock } from "../../pipeline/ports/clock.js";
import { QueueError } from "../../pipeline/ports/queue.js";
import { type CredentialProvider, CredentialSource, defaultCredentials } from "../wire/credentials.js";
import { placeOf } from "./queue-place.js";
import { SqsWire } from "./sqs-wire.js";

/** Where and as whom to talk to SQS; what is left out comes from the environment, as AWS's own tools read it. */
export interface SqsServer {
  readonly region?: string | undefined;
  /** Wins over the host in a queue's URL. */
  readonly endpoint?: string | undefined;
  readonly credentials?: CredentialProvider | undefined;
}

const TRIES = 5;
const BACKOFF_MS = { base: 200, max: 3_000 };
const TIMEOUT_MS = 15_000;

/**
 * Calls to SQS for commands. A call that failed for a reason that passes is made again a few times; a receive that is
 * made again may leave messages hidden for its visibility timeout.
 */
export class SqsCalls {
  private constructor(private readonly wire: SqsWire) {}

  /** @param queueUrl whose region and host count where nothing else says. */
  static async open(queueUrl: string, server: SqsServer = {}): Promise<SqsCalls> {
    const { endpoint, region = "us-east-1" } = await placeOf(queueUrl, server);
    const credentials = new CredentialSource(server.credentials ?? defaultCredentials);
    return new SqsCalls(new SqsWire({ endpoint, region, credentials }));
  }

  /** The answer's JSON. Rejects with a QueueError. */
  async call(operation: string, input: object, signal: AbortSignal): Promise<Record<string, unknown>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.wire.call({ operation, input, signal, timeoutMs: TIMEOUT_MS, repeatable: true });
      } catch (error) {
        const { kind } = error as QueueError;
        const passes = error instanceof QueueError && (kind === "throttled" || kind === "unreachable");
        if (!passes || attempt === TRIES || signal.aborted) throw error;
        await sleep(systemClock, fullJitter(BACKOFF_MS, attempt), signal);
      }
    }
  }

  close(): void {
    this.wire.close();
  }
}
