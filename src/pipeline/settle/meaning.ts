import type { EntryResult } from "../ports/queue.js";
import type { Settlement } from "./settlement.js";

/** What one entry's result means for its settlement. */
export type Meaning =
  /** Nothing more is to be done; `certain` = the outcome was carried out. */
  | { readonly kind: "over"; readonly certain: boolean }
  /** The copy to the dead letters is certain: the message may be deleted. */
  | { readonly kind: "copied" }
  /** The copy was refused: something else has to become of the message. */
  | { readonly kind: "notCopied"; readonly detail: string }
  | { readonly kind: "again" };

export function meaningOf({ operation, delivery }: Settlement, result: EntryResult): Meaning {
  const copies = operation.kind === "deadLetter";
  if (result.ok) return copies ? { kind: "copied" } : { kind: "over", certain: !delivery.lease.lost };
  switch (result.kind) {
    case "stale":
      return { kind: "over", certain: false };
    case "refused":
      if (copies) return { kind: "notCopied", detail: result.detail };
      // A delete is asked for until the lease ends; a message that can't be shown again shows itself then.
      return operation.kind === "visibility" ? { kind: "over", certain: false } : { kind: "again" };
    case "again":
      return { kind: "again" };
  }
}
