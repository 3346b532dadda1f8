import type { Opening, Tick } from "../api.js";
import type { ErrorGroups } from "../api-messages.js";
import { drawBudgets } from "./budgets.js";
import { ask, find, make, put } from "./dom.js";
import { drawErrors } from "./errors.js";
import { drawEvents } from "./events.js";
import { EXTRAS } from "./extra.js";
import type { ExtraSection } from "./extra-section.js";
import { prepareGlossary } from "./glossary.js";
import { listenForLetters, loadLetters, prepareLetters } from "./letters.js";
import { filterByError, loadMessages, nameErrors, prepareMessages } from "./messages.js";
import { drawNow, drawState, prepareNow } from "./now.js";
import { addStep, loadPlots, preparePlots } from "./plots.js";
import { clockTime } from "./words.js";

/** Messages and errors are asked for while they are on the screen, and no more often than that. */
const ASK_EVERY_MS = 2_000;
const LOST_AFTER_MS = 2_000;
/** Two steps missed: the plots are asked for anew. */
const GAP_MS = 3_500;

const visible = new Set<string>();
let stream: EventSource | undefined;
let extra: { readonly name: string; readonly section: ExtraSection } | undefined;
/** What the list of messages was asked for at; what waits for budgets comes and goes without an end. */
let listedAt = "";
let askedAt = 0;
let failedBefore = -1;
let lastStep = 0;
let startedAt = 0;
/** Runs while the stream is closed. */
let lost = 0;

function start(): void {
  prepareNow();
  preparePlots();
  prepareMessages();
  listenForLetters();
  prepareGlossary();
  const watch = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) visible.add(target.id);
        else visible.delete(target.id);
        if (isIntersecting) {
          listedAt = "";
          failedBefore = -1;
        }
      }
    },
    { rootMargin: "200px" },
  );
  for (const id of ["errors", "messages"]) watch.observe(find(`#${id}`));
  // A page that nobody sees asks nothing.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  if (!document.hidden) open();
}

function close(): void {
  stream?.close();
  stream = undefined;
  clearTimeout(lost);
  lost = 0;
}

/** Listens second by second; the browser opens the stream again when it ends, which it does now and then. */
function open(): void {
  close();
  const mine = new EventSource("/api/events");
  stream = mine;
  mine.addEventListener("tick", (event) => drawTick(JSON.parse(event.data) as Tick));
  if (extra) listenForExtra(extra);
  mine.addEventListener("open", () => {
    clearTimeout(lost);
    lost = 0;
    // What was told while it was closed.
    void refresh().catch(() => {});
  });
  mine.addEventListener("error", () => {
    // Only who stays away is lost.
    lost ||= window.setTimeout(drawLost, LOST_AFTER_MS);
    if (mine.readyState === EventSource.CLOSED && stream === mine) setTimeout(open, LOST_AFTER_MS);
  });
}

/** Everything that was before: of another worker, all of it. */
async function refresh(): Promise<void> {
  const opening = await ask<Opening>("/api/now");
  const another = opening.startedAt !== startedAt;
  startedAt = opening.startedAt;
  prepareLetters(opening.may);
  if (opening.extra && !extra) prepareExtra(opening.extra);
  drawNow(opening);
  drawBudgets(opening);
  drawEvents(opening);
  document.body.classList.remove("lost");
  if (another) await Promise.all([loadPlots(), loadLetters()]);
}

function prepareExtra({ name, title }: NonNullable<Opening["extra"]>): void {
  const section = EXTRAS[name];
  if (!section) return;
  const place = find("#extra");
  place.hidden = false;
  place.replaceChildren(make("h2", "", title));
  section.prepare(place);
  extra = { name, section };
  listenForExtra(extra);
}

function listenForExtra({ name, section }: NonNullable<typeof extra>): void {
  stream?.addEventListener(name, (event) => section.draw(JSON.parse((event as MessageEvent<string>).data)));
}

function drawTick({ now, step }: Tick): void {
  document.body.classList.remove("lost");
  drawNow(now);
  drawBudgets(now);
  drawEvents(now);
  if (lastStep > 0 && step.at - lastStep > GAP_MS) void loadPlots().catch(() => {});
  else addStep(step);
  lastStep = step.at;
  void follow(`${now.newestMessage} ${now.worker.unbudgeted ?? 0}`, now.failuresPerMinute);
}

/** Asks for what is on the screen and has changed. */
async function follow(newest: string, failures: number): Promise<void> {
  const at = performance.now();
  if (at - askedAt < ASK_EVERY_MS || document.querySelector("dialog[open]")) return;
  askedAt = at;
  try {
    if (visible.has("errors") && (failures > 0 || failedBefore !== failures)) await loadErrors();
    failedBefore = failures;
    if (visible.has("messages") && listedAt !== newest) {
      listedAt = newest;
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
