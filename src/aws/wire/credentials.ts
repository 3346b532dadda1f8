/** What signs a call. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export type CredentialProvider = () => Promise<Credentials>;

/** So long before the end a refresh is begun; the SDK's own figure. */
const REFRESH_AHEAD_MS = 300_000;
/** How long the provider is left alone after an answer, so that it isn't asked by every call of the last minutes. */
const REFRESH_PAUSE_MS = 5_000;
/** A refresh that hangs for longer is given up for a new one. */
const REFRESH_LIMIT_MS = 30_000;
/** Credentials that end so soon would not outlive the call that they sign. */
const LAST_USE_MS = 5_000;

/**
 * Credentials that are served until their real expiry. They are refreshed ahead of it in the background, so an endpoint
 * that fails or hangs in the last five minutes, where the SDK asks it before every call, takes nothing down.
 */
export class CredentialSource {
  readonly #provider: CredentialProvider;
  readonly #onStale: ((error: unknown) => void) | undefined;
  readonly #now: () => number;
  #held: Credentials | undefined;
  #refresh: Promise<Credentials> | undefined;
  #refreshSince = 0;
  #quietUntil = 0;
  #stale = false;

  /**
   * @param onStale told once per outage that old credentials are served, with what the refresh said.
   * @param now epoch milliseconds.
   */
  constructor(provider: CredentialProvider, onStale?: (error: unknown) => void, now: () => number = Date.now) {
    this.#provider = provider;
    this.#onStale = onStale;
    this.#now = now;
  }

  /** The credentials at hand, or undefined if they have to be waited for. */
  now(): Credentials | undefined {
    const held = this.#held;
    if (held?.expiration === undefined) return held;
    const left = held.expiration.getTime() - this.#now();
    if (left > REFRESH_AHEAD_MS) return held;
    if (left <= LAST_USE_MS) return undefined;
    if (!this.#refresh && this.#now() >= this.#quietUntil) this.fresh().catch((error) => this.#failed(error));
    return held;
  }

  /** Credentials from the provider; callers at the same time share one request. Rejects with the provider's error. */
  fresh(): Promise<Credentials> {
    if (this.#refresh && this.#now() - this.#refreshSince < REFRESH_LIMIT_MS) return this.#refresh;
    const refresh = this.#provider()
      .then((fresh) => {
        this.#stale = false;
        this.#held = fresh;
        return fresh;
      })
      .finally(() => {
        this.#quietUntil = this.#now() + REFRESH_PAUSE_MS;
        if (this.#refresh === refresh) this.#refresh = undefined;
      });
    this.#refresh = refresh;
    this.#refreshSince = this.#now();
    return refresh;
  }

  #failed(error: unknown): void {
    if (!this.#stale) this.#onStale?.(error);
    this.#stale = true;
  }
}

/**
 * The SDK's default chain: environment, profile, SSO, web identity, container, instance. The environment, its first
 * link, is read here, which spares a start the 45 ms that the chain takes to load.
 */
export async function defaultCredentials(): Promise<Credentials> {
  const { env } = process;
  if (env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY && !env.AWS_PROFILE) return environmentCredentials();
  chain ??= import("@aws-sdk/credential-provider-node").then(({ defaultProvider }) => defaultProvider());
  return (await chain)();
}

let chain: Promise<CredentialProvider> | undefined;

/** Of the environment alone, where Lambda puts a function's. */
export async function environmentCredentials(): Promise<Credentials> {
  const { env } = process;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId || !secretAccessKey)
    throw new Error("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are missing in the environment");
  const expiration = env.AWS_CREDENTIAL_EXPIRATION;
  return {
    accessKeyId,
    secretAccessKey,
    ...(env.AWS_SESSION_TOKEN && { sessionToken: env.AWS_SESSION_TOKEN }),
    ...(expiration && { expiration: new Date(expiration) }),
  };
}
