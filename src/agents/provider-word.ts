import { Busy } from "../pipeline/ports/outcome.js";
import { VISIBILITY_MAX_SECONDS } from "../pipeline/ports/queue.js";

/** What an answer of a provider's is looked at for; of `fetch`, or made by hand. */
export interface ProviderAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
}

/** Statuses by which providers say that it is too much for now: 529 is Anthropic's. */
const TOO_MUCH = new Set([429, 503, 529]);
const UNIT_SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 };
const KINDS = ["requests", "tokens"] as const;
/** Seconds since the epoch, rather than from now, where a header tells only a number. */
const EPOCH_LEAST = 1e9;

/**
 * For how many seconds a provider wants no further call, by its status and headers; undefined: it takes some. Reads
 * `retry-after-ms`, `retry-after` (seconds or a date), and `x-ratelimit-remaining-*` with `x-ratelimit-reset-*` as OpenAI
 * (`6m0s`), Anthropic (a date) and others (seconds, or an epoch) send them.
 * @param now epoch milliseconds.
 */
export function pauseOf({ status, headers }: ProviderAnswer, now = Date.now()): number | undefined {
  const told = retryAfter(headers, now);
  const resets = KINDS.map((kind) => resetOf(headers, `-${kind}`, now));
  const [reset] = [...resets, resetOf(headers, "", now)].filter((each) => each !== undefined).sort((a, b) => b - a);
  if (TOO_MUCH.has(status)) return told ?? reset ?? 1;
  return reset;
}

/**
 * Makes a wrapper of `fetch` one line: `busyIf("openai", await fetch(url, init))`. Returns the answer, or throws a `Busy` where
 * the provider refused the call. An answer that was given counts, though it may say that the next one would be refused.
 * An error that a provider's SDK threw is looked at in the same way, and returned if it is another:
 * `throw busyIf("openai", error)`.
 */
export function busyIf<Answer>(budget: string, answer: Answer): Answer {
  const told = answerIn(answer);
  if (!told || !TOO_MUCH.has(told.status)) return answer;
  throw new Busy(budget, pauseOf(told), `${budget} answered ${told.status}`, { cause: answer });
}

const NO_HEADERS: ProviderAnswer["headers"] = { get: () => null };

/** An answer of `fetch`, or what an SDK's error tells of one: `status` and `headers`, or AWS's `$metadata`. */
function answerIn(value: unknown): ProviderAnswer | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { status, headers, $metadata, $response } = value as SdkError;
  const found = status ?? $metadata?.httpStatusCode;
  return typeof found === "number" ? { status: found, headers: headersIn(headers ?? $response?.headers) } : undefined;
}

interface SdkError {
  readonly status?: unknown;
  readonly headers?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
  readonly $response?: { readonly headers?: unknown };
}

function headersIn(headers: unknown): ProviderAnswer["headers"] {
  if (typeof headers !== "object" || headers === null) return NO_HEADERS;
  if (typeof (headers as Headers).get === "function") return headers as Headers;
  const text = (name: string) => (headers as Readonly<Record<string, unknown>>)[name];
  return { get: (name) => (typeof text(name) === "string" ? (text(name) as string) : null) };
}

function retryAfter(headers: ProviderAnswer["headers"], now: number): number | undefined {
  const ms = headers.get("retry-after-ms");
  if (ms !== null && /^\d+(\.\d+)?$/.test(ms)) return bounded(Number(ms) / 1000);
  return secondsOf(headers.get("retry-after"), now);
}

/** When what is used up comes back; undefined where something remains. */
function resetOf(headers: ProviderAnswer["headers"], kind: string, now: number): number | undefined {
  for (const prefix of ["x-ratelimit", "anthropic-ratelimit", "ratelimit"]) {
    // Anthropic has the kind in the middle.
    const names = kind ? [`${prefix}-%${kind}`, `${prefix}${kind}-%`] : [`${prefix}-%`];
    for (const name of names) {
      const remaining = headers.get(name.replace("%", "remaining"));
      if (remaining === null || Number(remaining) > 0) continue;
      const seconds = secondsOf(headers.get(name.replace("%", "reset")), now);
      if (seconds !== undefined) return seconds;
    }
  }
  return undefined;
}

/** `2`, `0.5`, `6m0s`, `20ms`, an epoch, or a date. */
function secondsOf(text: string | null, now: number): number | undefined {
  if (text === null || text.trim() === "") return undefined;
  const value = text.trim();
  if (/^\d+(\.\d+)?$/.test(value)) {
    const number = Number(value);
    return bounded(number >= EPOCH_LEAST ? number - now / 1000 : number);
  }
  if (/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(value)) {
    let seconds = 0;
    for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
      seconds += Number(amount) * UNIT_SECONDS[unit!]!;
    }
    return bounded(seconds);
  }
  // `-5` would be a date as well.
  const at = /^[a-z]|^\d{4}-/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : bounded((at - now) / 1000);
}

const bounded = (seconds: number) => Math.min(VISIBILITY_MAX_SECONDS, Math.max(0, seconds));
