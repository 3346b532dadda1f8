import type { IncomingMessage } from "node:http";
import { textOf } from "../../pipeline/ports/thrown.js";

/** The names that SQS, CloudWatch and IAM give to "you may not"; a wrong key or signature is one too. */
export function isDenial(name: string): boolean {
  return /AccessDenied|NotAuthorized|UnrecognizedClient|InvalidClientTokenId|InvalidAccessKey|InvalidSecurity|Signature|MissingAuthenticationToken|ExpiredToken/.test(
    name,
  );
}

const NAMELESS = "UnknownError";

/** An answer that is no success, in the shape of the SDK's errors. Its name is what the service calls it. */
export class Refusal extends Error {
  /** What servers of the older query protocol called it. */
  readonly Code: string | undefined;
  readonly $metadata: { readonly httpStatusCode: number; readonly requestId?: string };
  /** The answer's fields. Not enumerable, so that no log has them. */
  declare readonly said: Readonly<Record<string, unknown>>;

  constructor(
    response: Pick<IncomingMessage, "headers"> & { readonly statusMessage?: string | undefined },
    status: number,
    answer: unknown,
  ) {
    const said = (typeof answer === "object" && answer !== null ? answer : {}) as Record<string, unknown>;
    super(textOf(said.message ?? said.Message ?? `${status} ${response.statusMessage ?? ""}`.trim()));
    const type = said.__type ?? said.code ?? said.Code;
    const [queryCode] = String(response.headers["x-amzn-query-error"] ?? "").split(";");
    // `com.amazonaws.dynamodb.v20120810#X` is X.
    this.name = typeof type === "string" ? type.replace(/^.*#/, "") : queryCode || NAMELESS;
    this.Code = queryCode;
    const requestId = response.headers["x-amzn-requestid"] ?? response.headers["x-amz-request-id"];
    this.$metadata = { httpStatusCode: status, ...(typeof requestId === "string" && { requestId }) };
    Object.defineProperty(this, "said", { value: said, enumerable: false });
  }

  /** In no words of AWS's: what answered may be another's host. */
  get isNameless(): boolean {
    return this.name === NAMELESS;
  }

  /** The signature's time was refused: the next call is signed by the server's clock. */
  get isForTime(): boolean {
    return /RequestTimeTooSkewed|RequestExpired|Signature (expired|not yet current)/i.test(
      `${this.name} ${this.message}`,
    );
  }
}
