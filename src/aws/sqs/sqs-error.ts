import { type EntryResult, QueueError } from "../../pipeline/ports/queue.js";
import { words } from "../../pipeline/ports/thrown.js";
import { BothFailed } from "../wire/both-failed.js";

/** Trying again cannot help: somebody has to change the queue, its key, its policy, or our credentials. */
const FATAL = new Set([
  "QueueDoesNotExist",
  "NonExistentQueue",
  "AccessDenied",
  "AccessDeniedException",
  "InvalidAddress",
  "InvalidSecurity",
  "UnsupportedOperation",
  "KmsAccessDenied",
  "KmsDisabled",
  "KmsInvalidKeyUsage",
  "KmsInvalidState",
  "KmsNotFound",
  "KmsOptInRequired",
  "AccountProblem",
  "OptInRequired",
  "UnrecognizedClientException",
  "InvalidClientTokenId",
  "InvalidAccessKeyId",
  "NotAuthorized",
  "SignatureDoesNotMatch",
  "InvalidSignatureException",
  "IncompleteSignature",
  "MissingAuthenticationToken",
]);

const THROTTLED = new Set([
  "RequestThrottled",
  "KmsThrottled",
  "KmsThrottling",
  "OverLimit",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "RequestThrottledException",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "SlowDown",
]);

const STALE = new Set(["ReceiptHandleIsInvalid", "MessageNotInflight"]);

/** What we read of an error of the SDK or of Node's sockets; every field may be missing. */
interface Failure {
  readonly name?: string;
  readonly message?: string;
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly errors?: readonly unknown[];
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $responseBodyText?: string;
  readonly $response?: { readonly statusCode?: number; readonly body?: unknown };
}

/**
 * The bare code of an error: `com.amazonaws.sqs#X` is `X`, and of the older codes `AWS.SimpleQueueService.X` is `X`,
 * `KMS.XException` is `KmsX`.
 */
function bare(code: string): string {
  return code.replace(/^KMS\.([A-Za-z]+?)(Exception)?$/, "Kms$1").replace(/^.*[.#](?=[A-Za-z]+$)/, "");
}

/**
 * The QueueError that an exception of the SDK, of the signer or of a socket stands for.
 * @param operation what was asked, in words that a log line can carry.
 * @param givenUp the call's signal: once it has aborted, the cause of any error is that we gave up.
 */
export function queueError(error: unknown, operation: string, givenUp?: AbortSignal): QueueError {
  if (error instanceof QueueError) return error;
  if (error instanceof BothFailed) {
    const [bySdk, byWire] = [error.bySdk, error.byWire].map((one) => queueError(one, operation, givenUp));
    const text = `${bySdk!.message} (by the SDK's client); ${byWire!.message} (by our own wire)`;
    return new QueueError(bySdk!.kind, text, { cause: error.bySdk });
  }
  const make = (kind: QueueError["kind"], text: string) =>
    new QueueError(kind, `${operation}: ${text}`, { cause: error });
  if (givenUp?.aborted) return make("deadline", `no answer before it was given up (${reasonOf(givenUp)})`);

  const failure = (error ?? {}) as Failure;
  const status = failure.$metadata?.httpStatusCode ?? failure.$response?.statusCode;
  const name = bare(typeof failure.name === "string" ? failure.name : "Error");
  const codes = [name, typeof failure.Code === "string" ? bare(failure.Code) : ""];
  const said = `${name}${status ? ` (HTTP ${status})` : ""}: ${typeof failure.message === "string" ? failure.message : words(error)}`;
  const is = (set: ReadonlySet<string>) => codes.some((code) => set.has(code));

  // A signature that is late or early comes from a clock that jumped, and is made by the server's from now on; a token
  // that has expired is replaced. Both pass.
  if (status !== undefined && status < 500 && /Expired|TimeTooSkewed|not yet current/i.test(said)) {
    return make("unreachable", said);
  }
  if (is(FATAL)) return make("fatal", said);
  if (is(THROTTLED) || status === 429) return make("throttled", said);
  if (error instanceof SyntaxError) return make("malformed", `an answer that is no JSON${sample(failure, status)}`);
  if (error instanceof TypeError) return make("malformed", said);
  if (status !== undefined && status >= 500) return make(status === 503 ? "throttled" : "unreachable", said);
  if (status === 403) return make("fatal", said);
  if (status !== undefined && status >= 400) return make("malformed", said);
  if (isWithoutCredentials(failure)) return make("fatal", `no AWS credentials were found: ${failure.message}`);
  if (failure.message === "Region is missing") return make("fatal", "no region is known: set AWS_REGION");
  return make("unreachable", `${socketCode(failure)}${failure.message || name}`);
}

/** How an entry of a batch ended that SQS refused with `code`; see EntryResult. */
export function refusedEntry(code: string | undefined, senderFault: boolean, message: string | undefined): EntryResult {
  const name = bare(code ?? "unknown");
  const detail = message ? `${name}: ${message}` : name;
  // SQS puts several faults behind InvalidParameterValue: only the words tell them apart.
  const words = message ?? "";
  if (/beyond the limit|Total VisibilityTimeout/i.test(words)) return { ok: false, kind: "refused", detail };
  if (STALE.has(name) || /expired|not in ?flight|does not refer|not available for visib|no longer valid/i.test(words)) {
    return { ok: false, kind: "stale", detail };
  }
  return { ok: false, kind: senderFault && !THROTTLED.has(name) ? "refused" : "again", detail };
}

/** An abort reason in a few words, without its stack. */
function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof Error ? signal.reason.message : String(signal.reason);
}

/** A credential chain that found nothing anywhere; on ECS the endpoint exists, so there it is an outage that passes. */
function isWithoutCredentials({ message }: Failure): boolean {
  const onEcs = process.env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI ?? process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
  return onEcs === undefined && /Could not load credentials from any providers/.test(message ?? "");
}

function socketCode({ code, errors }: Failure): string {
  const inner = (errors?.[0] as Failure | undefined)?.code;
  const found = typeof code === "string" ? code : inner;
  return typeof found === "string" ? `${found} ` : "";
}

/** Longest piece of a broken answer that goes into an error. */
const SAMPLE_MAX = 200;

/** The head of an answer that is a proxy's page. An answer that begins as JSON may hold message bodies: its length only. */
function sample(failure: Failure, status: number | undefined): string {
  const http = status ? ` (HTTP ${status})` : "";
  const text = failure.$responseBodyText;
  if (text === undefined) return http;
  if (/^\s*[{["]/.test(text)) return `${http}, ${text.length} characters of JSON cut short`;
  const head = text.slice(0, SAMPLE_MAX).replace(/\s+/g, " ");
  return `${http}, beginning ${JSON.stringify(head.replace(/[\w+/=-]{24,}/g, "…"))}`;
}
