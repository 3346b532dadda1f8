import type { ErrorGroup, ErrorGroups } from "../api.js";
import { button, fill, find, make, put, row } from "./dom.js";
import { ago, count, KINDS } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
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
  const most = Math.max(1, ...curve);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${curve.length} 16`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "spark");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${count(curve.reduce((sum, each) => sum + each, 0))} in the last hour`);
  curve.forEach((each, index) => {
    if (each === 0) return;
    const bar = document.createElementNS(SVG, "rect");
    const height = Math.max(1, (each / most) * 16);
    for (const [name, value] of Object.entries({ x: index, y: 16 - height, width: 0.8, height })) {
      bar.setAttribute(name, String(value));
    }
    svg.append(bar);
  });
  return svg;
}
