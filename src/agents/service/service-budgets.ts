import type { Run } from "../../pipeline/ports/handler.js";
import type { Outcome } from "../../pipeline/ports/outcome.js";
import { type Answer, inWords, isTooMuch, secondsOf } from "./answer.js";

/** `X-Queuehand-Took: openai.tokens=1830, crm=2`: what the message took in all. A header that makes no sense counts for nothing. */
export function tellTook(header: string | undefined, run: Run): void {
  if (header === undefined) return;
  const pairs = header.split(",").map((pair) => /^\s*([\w.-]+)\s*=\s*(\d+(?:\.\d+)?)\s*$/.exec(pair));
  try {
    run.took(Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", Number(pair?.[2])])));
  } catch (error) {
    run.progress(`X-Queuehand-Took was ignored: ${(error as Error).message}`);
  }
}

/** Where the service uses budgets, what is too much for it is their provider's word, and no failure of the message's. */
export function busyOf(answer: Answer, uses: readonly string[], now: number): Outcome | undefined {
  if (uses.length === 0 || !isTooMuch(answer)) return undefined;
  const seconds = secondsOf(answer.retryAfter, now);
  return {
    kind: "defer",
    reason: inWords(answer),
    ...(seconds === undefined ? {} : { afterSeconds: seconds }),
    busy: Object.fromEntries(uses.map((name) => [name, seconds])),
  };
}
