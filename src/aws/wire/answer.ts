import { isDenial } from "./refusal.js";

/** What a call gave, or why it gave nothing. */
export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly denied: boolean; readonly detail: string };

/** A service that doesn't answer by then doesn't answer. */
export const CALL_TIMEOUT_MS = 8_000;
export const MAX_ATTEMPTS = 2;
/** The same for clients of the SDK. */
export const PATIENCE = {
  attempts: MAX_ATTEMPTS,
  connectTimeoutMs: CALL_TIMEOUT_MS,
  requestTimeoutMs: CALL_TIMEOUT_MS,
};

/** The answer, or the reason for none: a refusal, an error, or silence (a hung credential endpoint heeds no signal). */
export async function answerOf<Value>(call: (signal: AbortSignal) => Promise<Value>): Promise<Answer<Value>> {
  const signal = AbortSignal.timeout(CALL_TIMEOUT_MS * MAX_ATTEMPTS);
  const silence = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error(`no answer in ${CALL_TIMEOUT_MS * MAX_ATTEMPTS} ms`)));
  });
  try {
    return { ok: true, value: await Promise.race([call(signal), silence]) };
  } catch (error) {
    const { name, message, code } = error as NodeJS.ErrnoException;
    const detail = [name === "Error" || name === "AggregateError" ? code : name, message].filter(Boolean).join(": ");
    return { ok: false, denied: isDenial(name), detail };
  }
}
