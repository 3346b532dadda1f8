import type { SQSClientConfig } from "@aws-sdk/client-sqs";

export type CredentialProvider = Extract<SQSClientConfig["credentials"], (...options: never[]) => unknown>;
type Credentials = Awaited<ReturnType<CredentialProvider>>;

/** How long a refresh may take while the old credentials still work; after it they are served and it goes on alone. */
const REFRESH_PATIENCE_MS = 2_000;
/** How long a failed refresh is left alone, so that a sick endpoint isn't asked by every call. */
const REFRESH_PAUSE_MS = 5_000;
/** Credentials that end so soon would not outlive the call that they sign. */
const LAST_USE_MS = 5_000;

/**
 * Wraps a provider so that an endpoint which fails or hangs in the last five minutes of validity, where the SDK asks
 * it before every call, takes nothing down: the old credentials are served until their real expiry.
 * @param onStale told once per outage, with what the refresh said.
 */
export function servedUntilExpiry(
  provider: CredentialProvider,
  onStale?: (error: unknown) => void,
): CredentialProvider {
  let served: Credentials | undefined;
  let refresh: Promise<Credentials> | undefined;
  let quietUntil = 0;
  let stale = false;

  const usable = () => served?.expiration !== undefined && served.expiration.getTime() - Date.now() > LAST_USE_MS;
  const outage = (error: unknown) => {
    quietUntil = Date.now() + REFRESH_PAUSE_MS;
    if (!stale) onStale?.(error);
    stale = true;
  };

  return async (options) => {
    if (usable() && Date.now() < quietUntil) return served!;
    refresh ??= provider(options)
      .then((fresh) => {
        stale = false;
        served = fresh;
        return fresh;
      })
      .finally(() => {
        refresh = undefined;
      });
    if (!usable()) return refresh;

    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no credentials after ${REFRESH_PATIENCE_MS} ms`)),
        REFRESH_PATIENCE_MS,
      );
    });
    try {
      return await Promise.race([refresh, patience]);
    } catch (error) {
      outage(error);
      return served!;
    } finally {
      clearTimeout(timer);
    }
  };
}
