import type { Now } from "../api.js";
import { find, make, put } from "./dom.js";
import { clockTime, count } from "./words.js";

const LISTED_MAX = 100;
let startedAt: number | undefined;
let newest = 0;

/** Adds what is new and leaves the other rows as they are, so that a text can be selected while others come. */
export function drawEvents({ events, eventsLeftOut, startedAt: ofWorker }: Now): void {
  const list = find("#events ol");
  if (ofWorker !== startedAt) {
    startedAt = ofWorker;
    newest = 0;
    list.replaceChildren();
  }
  for (const event of events) {
    if (event.number <= newest) continue;
    newest = event.number;
    list.prepend(eventRow(event));
  }
  while (list.childElementCount > LISTED_MAX) list.lastElementChild!.remove();
  find('[data-is="events-empty"]').hidden = list.childElementCount > 0;
  list.hidden = list.childElementCount === 0;
  put("events-note", eventsLeftOut > 0 ? `${count(eventsLeftOut)} more were too many to keep` : "newest first");
}

function eventRow({ at, level, what, messageId, receiveCount, detail }: Now["events"][number]): HTMLElement {
  const mark = make("span", "mark");
  mark.dataset.level = level;
  mark.title = level;
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", level);
  const words = make("span", detail === undefined ? "what alone" : "what", what);
  if (receiveCount !== undefined && receiveCount > 1) words.append(make("span", "try", ` · receive ${receiveCount}`));
  const time = make("time", "", clockTime(at));
  time.dateTime = new Date(at).toISOString();
  return make(
    "li",
    "",
    time,
    mark,
    words,
    ...(detail === undefined ? [] : [make("span", "detail", detail)]),
    ...(messageId === undefined ? [] : [make("span", "id", messageId)]),
  );
}
