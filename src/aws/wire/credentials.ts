import { isProxied, sdkAgents } from "./proxy.js";

/** What signs a call. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** @param afresh true where what was asked before gave no answer: whatever waits for it still is to be given up. */
export type CredentialProvider = (afresh?: boolean) => Promise<Credentials>;

/** So long before the end a refresh is begun; the SDK's own figure. */
const REFRESH_AHEAD_MS = 300_000;
/** How long the provider is left alone after an answer, so that it isn't asked by every call of the last minutes. */
const REFRESH_PAUSE_MS = 5_000;
/** A question that hangs for longer is given up for a new one; the SDK's chain asks each of its places with less. */
const REFRESH_LIMIT_MS = 30_000;
/** Credentials that end so soon would not outlive the call that they sign. */
const LAST_USE_MS = 5_000;

/**
 * Credentials that are served until their real expiry. They are refreshed ahead of it in the background, so an endpoint
 * that fails or hangs in the last five minutes, where the SDK asks it before every call, takes nothing down. One that
 * hangs when there are none yet is given up after its limit, so that whoever waits can ask again.
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
  /** The last question was given up. */
  #hung = false;

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

  /**
   * Credentials from the provider; callers at the same time share one request. Rejects with the provider's error, or when
   * there was no answer in 30 s: the next request is made afresh.
   */
  fresh(): Promise<Credentials> {
    if (this.#refresh && this.#now() - this.#refreshSince < REFRESH_LIMIT_MS) return this.#refresh;
    const refresh = withinLimit(this.#provider(this.#hung || this.#refresh !== undefined))
      .then((fresh) => {
        this.#stale = false;
        this.#held = fresh;
        return fresh;
      })
      .finally(() => {
        this.#quietUntil = this.#now() + REFRESH_PAUSE_MS;
        if (this.#refresh === refresh) this.#refresh = undefined;
      });
    this.#hung = false;
    refresh.catch((error) => {
      this.#hung ||= error instanceof SilentProvider;
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

/** The provider gave neither credentials nor an error in time. */
class SilentProvider extends Error {
  override readonly name = "TimeoutError";
}

function withinLimit(asked: Promise<Credentials>): Promise<Credentials> {
  const { promise, reject } = Promise.withResolvers<never>();
  const text = `no credentials in ${REFRESH_LIMIT_MS / 1000} s: who gives them doesn't answer`;
  const timer = setTimeout(() => reject(new SilentProvider(text)), REFRESH_LIMIT_MS).unref();
  return Promise.race([asked, promise]).finally(() => clearTimeout(timer));
}

/**
 * The SDK's default chain: environment, profile, SSO, web identity, container, instance. The environment, its first
 * link, is read here, which spares a start the 45 ms that the chain takes to load. The chain has its callers share a
 * question, also one that is never answered: `afresh` asks a new chain.
 */
export async function defaultCredentials(afresh = false): Promise<Credentials> {
  const { env } = process;
  if (env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY && !env.AWS_PROFILE) return environmentCredentials();
  if (afresh) chain = undefined;
  chain ??= makeChain();
  return (await chain)();
}

let chain: Promise<() => Promise<Credentials>> | undefined;

async function makeChain(): Promise<() => Promise<Credentials>> {
  const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
  // What a profile or a web identity needs of STS and SSO; the container's endpoint is asked without it.
  return defaultProvider(isProxied(process.env) ? { clientConfig: { requestHandler: await sdkAgents() } } : {});
}

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
