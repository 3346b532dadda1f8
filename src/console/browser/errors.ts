import type { ErrorGroup, ErrorGroups } from "../api-messages.js";
import { button, fill, find, make, put, row } from "./dom.js";
import { spark } from "./spark.js";
import { ago, count, KINDS } from "./words.js";

let shown = "";

/** @param show lists the messages of a group. */
export function drawErrors({ now, groups, others }: ErrorGroups, show: (group: ErrorGroup) => void): void {
  const text = JSON.stringify(groups.map(({ id, count: times, curve }) => [id, times, curve]));
  put("errors-empty", groups.length === 0 ? "No failure since the start." : othersText(others));
  find("#error-list").hidden = groups.length === 0;
  if (text === shown) return;
  // A row is made anew only if there is news: else the keyboard's focus would be lost each time.
  const focused = document.activeElement?.closest("tr")?.dataset.group;
  shown = text;
  fill(
    "#error-list",
    groups.map((group) => groupRow(group, now, show)),
  );
  if (focused) find(`#error-list tr[data-group="${CSS.escape(focused)}"] button`)?.focus();
}

const othersText = (others: number) =>
  others === 0 ? "" : `${count(others)} more failures were too different, or too many in a second, to be kept apart.`;

function groupRow(group: ErrorGroup, now: number, show: (group: ErrorGroup) => void): HTMLTableRowElement {
  const { id, kind, error, count: times, firstAt, lastAt, curve, example } = group;
  const text = make("span", "error", error);
  text.title = `for example: ${example.text}`;
  const open = button("show", "List its messages", () => show(group));
  open.setAttribute("aria-label", `show messages: ${error}`);
  const made = row([count(times), KINDS[kind], text, curveOf(curve), ago(firstAt, now), ago(lastAt, now), open]);
  made.dataset.group = id;
  return made;
}

/** A bar for each minute of the last hour. */
function curveOf(curve: readonly number[]): SVGElement {
  const label = `${count(curve.reduce((sum, each) => sum + each, 0))} in the last hour`;
  return spark(curve, Math.max(1, ...curve), label);
}
