import { isDenial } from "./refusal.js";

/** Whether a call is permitted, as far as that can be found out without doing anything. */
export interface Trial {
  /** The action as an IAM policy names it. */
  readonly action: string;
  readonly on: string;
  /** `untried` = a try might have done something there. */
  readonly verdict: "permitted" | "denied" | "unknown" | "untried";
  /** What the service said. */
  readonly detail: string;
}

/** Makes a call with a parameter that the service must refuse: a refusal of the parameter got past the permission. */
export async function trial(action: string, on: string, call: () => Promise<unknown>): Promise<Trial> {
  try {
    await call();
    return { action, on, verdict: "permitted", detail: "answered" };
  } catch (error) {
    const { name, message } = error as Error;
    const verdict = isDenial(name) ? "denied" : isRefusal(name) ? "permitted" : "unknown";
    return { action, on, verdict, detail: `${name}: ${message}` };
  }
}

/** The names for "not with this parameter"; a queue that is gone or a throttled call says nothing about a permission. */
export function isRefusal(name: string): boolean {
  return /Invalid(Parameter|AttributeValue|BatchEntryId|IdFormat|MessageContents)|ReceiptHandleIsInvalid|MessageNotInflight|ReadCountOutOfRange|TooManyEntries|EmptyBatch|NotDistinct|Missing|Validation/.test(
    name,
  );
}
