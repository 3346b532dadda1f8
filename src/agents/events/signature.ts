/** How a sender signs its webhooks. */
export interface SignatureOptions {
  /** Header, and so attribute, with the signature; case doesn't count. */
  readonly header: string;
  /** `sha256` if unset. */
  readonly algorithm?: "sha256" | "sha384" | "sha512" | undefined;
  /** `hex` if unset. */
  readonly encoding?: "hex" | "base64" | undefined;
  /** What stands before the signature: `sha256=`. */
  readonly prefix?: string | undefined;
  /**
   * Where a time in Unix seconds is that is signed too, so that a request can't be repeated later; of `body` it is
   * signed as `TIME.BODY`. Unset: none.
   */
  readonly timestampHeader?: string | undefined;
  /** How far that time may be from the one at which the message was sent, in seconds; 300 if unset. */
  readonly toleranceSeconds?: number | undefined;
}

/** Senders whose way is known. `standard` is that of standardwebhooks.com. */
export const SIGNATURE_SCHEMES = ["github", "stripe", "shopify", "slack", "standard"] as const;
export type SignatureScheme = (typeof SIGNATURE_SCHEMES)[number];

/** A request as it came through the queue. */
export interface SignedRequest {
  /** As it was sent, byte for byte. */
  readonly body: string;
  /** The attribute that a header became. */
  readonly header: (name: string) => string | undefined;
  /** Epoch milliseconds at which it reached the queue: what it waits there is no fault of the sender's. */
  readonly receivedAt: number;
  /** It comes from a dead-letter queue, when its time says nothing any more. */
  readonly redriven: boolean;
}

/** What a request claims. */
interface Claim {
  /** One of them has to be right. */
  readonly signatures: readonly string[];
  readonly timestamp?: string | undefined;
  /** The text that is signed. */
  readonly text: string;
}

interface Scheme {
  readonly algorithm: string;
  readonly encoding: "hex" | "base64";
  readonly toleranceSeconds: number;
  readonly keyOf: (secret: string) => Buffer | string;
  /** A string says what is missing. */
  readonly claimOf: (request: SignedRequest) => Claim | string;
}

const TOLERANCE_SECONDS = 300;
// Not by `import`: a module agent's process, of which some start each second, mostly has no use for it.
const crypto = () => process.getBuiltinModule("node:crypto");

/**
 * Checks that requests are from who has the secret.
 * Signatures are compared in a time that says nothing of them, all secrets are tried, so that one can replace another.
 */
export class SignatureCheck {
  readonly #scheme: Scheme;
  readonly #keys: readonly (Buffer | string)[];

  /** @throws RangeError without a secret, or with an empty one: it would sign for everybody. */
  constructor(how: SignatureScheme | SignatureOptions, secrets: readonly string[]) {
    if (secrets.length === 0 || secrets.includes("")) throw new RangeError("a signature's secret must not be empty");
    this.#scheme = typeof how === "string" ? KNOWN[how] : plain(how);
    this.#keys = secrets.map(this.#scheme.keyOf);
  }

  /** What is wrong with a request's signature; undefined if nothing. */
  faultOf(request: SignedRequest): string | undefined {
    const { claimOf, toleranceSeconds } = this.#scheme;
    const claim = claimOf(request);
    if (typeof claim === "string") return claim;
    if (!claim.signatures.some((signature) => this.#isRight(signature, claim.text))) {
      return "the webhook's signature is wrong";
    }
    // After the signature: what a stranger says of the time is worth no answer.
    if (claim.timestamp === undefined || request.redriven) return undefined;
    const apart = Math.abs(request.receivedAt / 1000 - Number(claim.timestamp));
    if (apart <= toleranceSeconds) return undefined;
    return `the webhook was signed ${Math.round(apart)} s from when it was sent, and at most ${toleranceSeconds} s are allowed`;
  }

  #isRight(signature: string, text: string): boolean {
    const { algorithm, encoding } = this.#scheme;
    const given = Buffer.from(signature, encoding);
    const { createHmac, timingSafeEqual } = crypto();
    let right = false;
    for (const key of this.#keys) {
      const wanted = createHmac(algorithm, key).update(text).digest();
      // Hexadecimal and base64 are read leniently, but only the whole of a hash has its length.
      if (given.length === wanted.length && timingSafeEqual(given, wanted)) right = true;
    }
    return right;
  }
}

function plain(options: SignatureOptions): Scheme {
  const { header, algorithm = "sha256", encoding = "hex", prefix = "", timestampHeader } = options;
  return {
    algorithm,
    encoding,
    toleranceSeconds: options.toleranceSeconds ?? TOLERANCE_SECONDS,
    keyOf: (secret) => secret,
    claimOf: (request) => {
      const value = request.header(header);
      if (value === undefined) return missing(header);
      if (!value.startsWith(prefix)) return `the webhook's ${header} doesn't begin with ${prefix}`;
      const signatures = [value.slice(prefix.length)];
      if (timestampHeader === undefined) return { signatures, text: request.body };
      const timestamp = request.header(timestampHeader);
      if (timestamp === undefined) return missing(timestampHeader);
      return { signatures, timestamp, text: `${timestamp}.${request.body}` };
    },
  };
}

const KNOWN: Readonly<Record<SignatureScheme, Scheme>> = {
  github: plain({ header: "X-Hub-Signature-256", prefix: "sha256=" }),
  shopify: plain({ header: "X-Shopify-Hmac-Sha256", encoding: "base64" }),
  stripe: {
    ...plain({ header: "Stripe-Signature" }),
    claimOf: ({ header, body }) => {
      const value = header("Stripe-Signature");
      if (value === undefined) return missing("Stripe-Signature");
      const parts = value.split(",").map((part) => part.trim().split("=", 2));
      const timestamp = parts.find(([name]) => name === "t")?.[1];
      if (!timestamp) return "the webhook's Stripe-Signature has no t=";
      const signatures = parts.filter(([name]) => name === "v1").map(([, signature]) => signature ?? "");
      return { signatures, timestamp, text: `${timestamp}.${body}` };
    },
  },
  slack: {
    ...plain({ header: "X-Slack-Signature" }),
    claimOf: ({ header, body }) => {
      const value = header("X-Slack-Signature");
      const timestamp = header("X-Slack-Request-Timestamp");
      if (value === undefined) return missing("X-Slack-Signature");
      if (timestamp === undefined) return missing("X-Slack-Request-Timestamp");
      return { signatures: [value.replace(/^v0=/, "")], timestamp, text: `v0:${timestamp}:${body}` };
    },
  },
  standard: {
    ...plain({ header: "webhook-signature", encoding: "base64" }),
    keyOf: (secret) => Buffer.from(secret.replace(/^whsec_/, ""), "base64"),
    claimOf: ({ header, body }) => {
      const names = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;
      const [id, timestamp, value] = names.map((name) => header(name));
      const absent = names.find((name) => header(name) === undefined);
      if (absent !== undefined || value === undefined) return missing(absent ?? "webhook-signature");
      const signatures = value
        .split(" ")
        .filter((entry) => entry.startsWith("v1,"))
        .map((entry) => entry.slice("v1,".length));
      return { signatures, timestamp, text: `${id}.${timestamp}.${body}` };
    },
  },
};

const missing = (header: string) => `the webhook has no ${header}: its sender must sign, and the API must pass it on`;
