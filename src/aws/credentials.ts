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
/** How long a failed refresh is left alone, so that a sick endpoint isn't asked by every call. */
const REFRESH_PAUSE_MS = 5_000;
/** Credentials that end so soon would not outlive the call that they sign. */
const LAST_USE_MS = 5_000;

/**
 * Credentials that are served until their real expiry. They are refreshed ahead of it in the background, so an endpoint
 * that fails or hangs in the last five minutes, where the SDK asks it before every call, takes nothing down.
 */
export class CredentialSource {
  readonly #provider: CredentialProvider;
  readonly #onStale: ((error: unknown) => void) | undefined;
  #held: Credentials | undefined;
  #refresh: Promise<Credentials> | undefined;
  #quietUntil = 0;
  #stale = false;

  /** @param onStale told once per outage that old credentials are served, with what the refresh said. */
  constructor(provider: CredentialProvider, onStale?: (error: unknown) => void) {
    this.#provider = provider;
    this.#onStale = onStale;
  }

  /** The credentials at hand, or undefined if they have to be waited for. */
  now(): Credentials | undefined {
    const held = this.#held;
    if (held?.expiration === undefined) return held;
    const left = held.expiration.getTime() - Date.now();
    if (left > REFRESH_AHEAD_MS) return held;
    if (left <= LAST_USE_MS) return undefined;
    if (Date.now() >= this.#quietUntil) this.fresh().catch((error) => this.#failed(error));
    return held;
  }

  /** Credentials from the provider; callers at the same time share one request. Rejects with the provider's error. */
  fresh(): Promise<Credentials> {
    this.#refresh ??= this.#provider()
      .then((fresh) => {
        this.#stale = false;
        this.#held = fresh;
        return fresh;
      })
      .finally(() => {
        this.#refresh = undefined;
      });
    return this.#refresh;
  }

  #failed(error: unknown): void {
    this.#quietUntil = Date.now() + REFRESH_PAUSE_MS;
    if (!this.#stale) this.#onStale?.(error);
    this.#stale = true;
  }
}

/** The SDK's default chain: environment, profile, SSO, web identity, container, instance. */
export async function defaultCredentials(): Promise<Credentials> {
  chain ??= import("@aws-sdk/credential-provider-node").then(({ defaultProvider }) => defaultProvider());
  return (await chain)();
}

let chain: Promise<CredentialProvider> | undefined;
