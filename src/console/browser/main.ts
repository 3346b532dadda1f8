import type { ErrorGroups, Opening, Tick } from "../api.js";
import { ask, find, make, put } from "./dom.js";
import { drawErrors } from "./errors.js";
import { drawEvents } from "./events.js";
import { EXTRAS, type ExtraSection } from "./extra.js";
import { listenForLetters, loadLetters, prepareLetters } from "./letters.js";
import { filterByError, loadMessages, nameErrors, prepareMessages } from "./messages.js";
import { drawNow, drawState, prepareNow } from "./now.js";
import { addStep, loadPlots, preparePlots } from "./plots.js";
import { clockTime } from "./words.js";

/** Messages and errors are asked for while they are on the screen, and no more often than that. */
const ASK_EVERY_MS = 2_000;
const RETRY_MS = 2_000;
/** Two steps missed: the plots are asked for anew. */
const GAP_MS = 3_500;

const visible = new Set<string>();
let stream: EventSource | undefined;
let extra: { readonly name: string; readonly section: ExtraSection } | undefined;
let newestMessage = -1;
let askedAt = 0;
let failedBefore = -1;
let lastStep = 0;

function start(): void {
  prepareNow();
  preparePlots();
  prepareMessages();
  listenForLetters();
  const watch = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) visible.add(target.id);
        else visible.delete(target.id);
        if (isIntersecting) newestMessage = failedBefore = -1;
      }
    },
    { rootMargin: "200px" },
  );
  for (const id of ["errors", "messages"]) watch.observe(find(`#${id}`));
  // A page that nobody sees asks nothing.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : void open()));
  if (!document.hidden) void open();
}

function close(): void {
  stream?.close();
  stream = undefined;
}

/** Everything anew, then second by second. */
async function open(): Promise<void> {
  close();
  const mine = new EventSource("/api/events");
  stream = mine;
  mine.addEventListener("tick", (event) => drawTick(JSON.parse(event.data) as Tick));
  // The stream ends now and then, and is opened again by itself: only who stays away is lost.
  let lost = 0;
  mine.addEventListener("open", () => clearTimeout(lost));
  mine.addEventListener("error", () => {
    clearTimeout(lost);
    lost = window.setTimeout(drawLost, RETRY_MS);
    if (mine.readyState === EventSource.CLOSED && stream === mine) setTimeout(() => void open(), RETRY_MS);
  });
  try {
    const opening = await ask<Opening>("/api/now");
    if (stream !== mine) return;
    drawOpening(opening);
    await Promise.all([loadPlots(), loadLetters()]);
  } catch {
    if (stream === mine) drawLost();
  }
}

function drawOpening(opening: Opening): void {
  prepareLetters(opening.may);
  if (opening.extra && !extra) {
    const { name, title } = opening.extra;
    const section = EXTRAS[name];
    if (section) {
      const place = find("#extra");
      place.hidden = false;
      place.replaceChildren(make("h2", "", title));
      section.prepare(place);
      extra = { name, section };
      stream?.addEventListener(name, (event) => section.draw(JSON.parse(event.data)));
    }
  } else if (extra) {
    const { name, section } = extra;
    stream?.addEventListener(name, (event) => section.draw(JSON.parse(event.data)));
  }
  drawNow(opening);
  drawEvents(opening);
  document.body.classList.remove("lost");
}

function drawTick({ now, step }: Tick): void {
  document.body.classList.remove("lost");
  drawNow(now);
  drawEvents(now);
  if (lastStep > 0 && step.at - lastStep > GAP_MS) void loadPlots().catch(() => {});
  else addStep(step);
  lastStep = step.at;
  void follow(now.newestMessage, now.failuresPerMinute);
}

/** Asks for what is on the screen and has changed. */
async function follow(newest: number, failures: number): Promise<void> {
  const at = performance.now();
  if (at - askedAt < ASK_EVERY_MS || document.querySelector("dialog[open]")) return;
  askedAt = at;
  try {
    if (visible.has("errors") && (failures > 0 || failedBefore !== failures)) await loadErrors();
    failedBefore = failures;
    if (visible.has("messages") && newestMessage !== newest) {
      newestMessage = newest;
      if (!visible.has("errors")) await loadErrors();
      await loadMessages();
    }
  } catch {
    // The stream tells when the worker is gone.
  }
}

async function loadErrors(): Promise<void> {
  const errors = await ask<ErrorGroups>("/api/errors");
  drawErrors(errors, ({ id }) => filterByError(id));
  nameErrors(errors);
}

function drawLost(): void {
  if (document.body.classList.contains("lost")) return;
  document.body.classList.add("lost");
  drawState("not reachable", "bad");
  put("since", `since ${clockTime(Date.now())}`);
}

start();
