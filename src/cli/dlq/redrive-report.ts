import type { RedriveTally } from "../../letters/redrive-tally.js";
import { maskedValue } from "../../text/masked.js";
import { printable } from "../../text/printable.js";
import { complain, print } from "../terminal.js";
import type { LateFault } from "./editor-guard.js";

/** Of many letters with the same trouble so many are named. */
const NAMED_MAX = 5;

/** Says what became of the letters. */
export function tell(
  { read, matching, redriven, edited, newer, foreign, failed, left, doubled, samples }: RedriveTally,
  to: string,
  dryRun: boolean,
) {
  const changed = edited > 0 ? `, ${edited} of them mended` : "";
  const verb = dryRun ? "would send back" : "sent back";
  print(`${verb} ${redriven} of ${matching} that match (${read} read) to ${maskedValue(to)}${changed}`);
  for (const { id, before, after } of samples) {
    print(`\n${printable(id)}\n- ${printable(before)}\n+ ${printable(after)}`);
  }
  if (newer > 0) complain(`${newer} came in meanwhile and stay`);
  if (foreign > 0) complain(`${foreign} came from other queues and stay: name theirs with --queue-url`);
  for (const [detail, count] of Object.entries(failed)) {
    complain(`${count} stay: ${printable(detail)} (${named(left[detail] ?? [], count)})`);
  }
  if (doubled.length > 0) {
    complain(`${doubled.length} were sent back but could not be deleted here: ${named(doubled, doubled.length)}`);
  }
}

/** After an edit has ended its letter may be gone: who wrote the editor has to know that it isn't done when it says so. */
export function tellLate(late: readonly LateFault[]): void {
  for (const { letterId, fault } of late.slice(0, NAMED_MAX)) {
    const whose = letterId === undefined ? "" : ` after it had edited ${printable(letterId)}`;
    complain(`the editor failed${whose}: ${printable(fault)}`);
  }
  if (late.length > NAMED_MAX) complain(`and ${late.length - NAMED_MAX} times more`);
}

function named(ids: readonly string[], count: number): string {
  const more = count > NAMED_MAX ? ", ..." : "";
  return `${ids
    .slice(0, NAMED_MAX)
    .map((id) => printable(id))
    .join(", ")}${more}`;
}
