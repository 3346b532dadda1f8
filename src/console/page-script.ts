/**
 * The page's script, as text: browsers run it, Node never does. It writes data into text nodes and attributes of its own
 * alone, never into markup, so that a message id or an error's text stays text. Its text is hashed into the page's
 * policy.
 */
export const PAGE_SCRIPT = `
"use strict";
const ASK_EVERY_MS = 1000;
const CELLS_MAX = 60;
const OUTCOMES = {
  done: "done", retry: "retries", reject: "rejected", defer: "deferred", interrupted: "interrupted", leaseLost: "lease lost",
};
const TROUBLES = {
  receiveErrors: "receives failed", settleErrors: "settles failed", extendErrors: "extends failed", leasesLost: "leases lost",
  uncertain: "not surely settled", abortsIgnored: "aborts ignored", crashes: "crashes", oddAnswers: "odd answers",
  withoutRun: "without a run", retriedHere: "retried here", deferred: "held back here",
};
const WITHOUT_RUN = {
  stop: "at a stop", late: "too late", group: "its group's head", again: "came again", overflow: "more than fit",
  expired: "lease over", damaged: "damaged body",
};
/** Happens in a healthy worker too. */
const HARMLESS = new Set(["retriedHere", "deferred"]);

const find = (selector) => document.querySelector(selector);
const make = (name, className, text) => {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};
const put = (name, ...parts) => find('[data-is="' + name + '"]').replaceChildren(...parts);
const count = (value) => value.toLocaleString("en");
const rate = (value) => (value < 99.95 ? value.toFixed(1) : count(Math.round(value)));
const span = (seconds) => {
  if (seconds < 60) return Math.floor(seconds) + " s";
  if (seconds < 3600) return Math.floor(seconds / 60) + " min " + Math.floor(seconds % 60) + " s";
  const hours = Math.floor(seconds / 3600);
  return hours < 48 ? hours + " h " + Math.floor((seconds % 3600) / 60) + " min" : Math.floor(hours / 24) + " days";
};
const duration = (ms) => {
  if (ms < 10) return ms.toFixed(1) + " ms";
  if (ms < 1000) return Math.round(ms) + " ms";
  return ms < 100000 ? (ms / 1000).toFixed(1) + " s" : span(ms / 1000);
};

function drawCurve(name, values) {
  const svg = find('[data-curve="' + name + '"]');
  const known = values.filter((value) => value !== null);
  const most = Math.max(1, ...known);
  // The newest is at the right edge, so that a young worker's curve grows from there.
  const points = values.flatMap((value, index) =>
    value === null ? [] : [[180 - values.length + index, 40 - (value / most) * 38]]);
  const line = points.map(([x, y], index) => (index ? "L" : "M") + x + " " + y.toFixed(1)).join("");
  const path = (className, d) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", "path");
    element.setAttribute("class", className);
    element.setAttribute("d", d);
    return element;
  };
  svg.replaceChildren(...(points.length < 2 ? [] : [
    path("area", line + "L" + points.at(-1)[0] + " 40L" + points[0][0] + " 40Z"),
    path("line", line),
  ]));
  const label = known.length ? "most " + (Number.isInteger(most) ? count(most) : rate(most)) : "";
  find('[data-most="' + name + '"]').textContent = label;
}

function drawSlots({ busy, slots, buffered, settling, openPolls }) {
  put("busy", count(busy), make("small", "", " of " + count(slots) + " busy"));
  put("busy-note", [
    openPolls + " open " + (openPolls === 1 ? "poll" : "polls"), count(buffered) + " buffered", count(settling) + " settling",
  ].join(" · "));
  const cells = find(".cells");
  const wanted = slots <= CELLS_MAX ? slots : 1;
  cells.classList.toggle("bar", slots > CELLS_MAX);
  while (cells.childElementCount < wanted) cells.append(make("i"));
  while (cells.childElementCount > wanted) cells.lastChild.remove();
  if (slots > CELLS_MAX) cells.firstChild.style.width = (busy / slots) * 100 + "%";
  else [...cells.children].forEach((cell, index) => cell.classList.toggle("on", index < busy));
}

function drawQueue({ queue, worker, history }) {
  put("waiting", count((queue ? queue.waiting : 0) + worker.buffered));
  drawCurve("waiting", history.waiting);
  if (!queue) return put("waiting-note", "received, waiting for a slot");
  const { deadLetters } = queue;
  if (deadLetters === undefined) put("waiting-note", "in the queue");
  else put("waiting-note", make(deadLetters ? "b" : "span", "", count(deadLetters)),
    deadLetters === 1 ? " dead letter" : " dead letters");
}

function drawTimes(name, quantiles) {
  for (const which of ["p50", "p99"]) put(name + "-" + which, quantiles ? duration(quantiles[which]) : "–");
}

function entry(title, value, color, bad) {
  const row = make("div");
  const term = make("dt", "", title);
  if (color) {
    const square = make("i");
    square.style.background = color;
    term.prepend(square);
  }
  row.append(term, make("dd", value === 0 ? "zero" : bad ? "bad" : "", count(value)));
  return row;
}

function drawTotals({ settled, withoutRun: byCause, ...sums }) {
  const causes = Object.entries(byCause).filter(([, receives]) => receives > 0);
  const totals = { ...sums, withoutRun: causes.reduce((sum, [, receives]) => sum + receives, 0) };
  const kinds = Object.keys(OUTCOMES);
  find("#outcomes dl").replaceChildren(
    ...kinds.map((kind) => entry(OUTCOMES[kind], settled[kind], "var(--" + kind + ")", false)));
  find(".shares").replaceChildren(...kinds.filter((kind) => settled[kind] > 0).map((kind) => {
    const share = make("i");
    share.style.flex = settled[kind] + " 0 2px";
    share.style.background = "var(--" + kind + ")";
    return share;
  }));
  find("#troubles dl").replaceChildren(
    ...Object.keys(TROUBLES).flatMap((name) => [
      entry(TROUBLES[name], totals[name], "", !HARMLESS.has(name)),
      ...(name === "withoutRun" ? causes.map(([cause, receives]) => entry("– " + WITHOUT_RUN[cause], receives, "", true)) : []),
    ]));
}

function drawAlerts({ receiveTrouble, breaker, hungAgents, worker }) {
  find(".alerts").replaceChildren(...[
    receiveTrouble && "Nothing could be received for " + span(receiveTrouble.seconds) + ": " + receiveTrouble.cause,
    breaker && "The breaker is open: " + breaker.failures + " of the last " + breaker.of +
      " agents failed; messages go one at a time until some succeed.",
    hungAgents > 0 && hungAgents + " of " + worker.slots + " slots are held by agents that were aborted and run on.",
  ].filter(Boolean).map((text) => make("p", "", text)));
}

let startedAt;
let newest = 0;

/** Adds what is new and leaves the other rows as they are, so that a text can be selected while others come. */
function drawEvents({ events, eventsLeftOut, startedAt: ofWorker }) {
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
  while (list.childElementCount > events.length) list.lastChild.remove();
  find("#events .empty").hidden = events.length > 0;
  put("events-note", eventsLeftOut > 0 ? count(eventsLeftOut) + " more were too many to keep" : "newest first");
}

function eventRow({ at, level, what, messageId, receiveCount, detail }) {
  const row = make("li");
  const mark = make("span", "mark");
  mark.dataset.level = level;
  mark.title = level;
  const words = make("span", detail === undefined ? "what alone" : "what", what);
  if (receiveCount > 1) words.append(make("span", "try", " · receive " + receiveCount));
  const when = new Date(at);
  const time = make("time", "", when.toLocaleTimeString("en-GB"));
  time.dateTime = when.toISOString();
  row.append(time, mark, words);
  if (detail !== undefined) row.append(make("span", "detail", detail));
  if (messageId !== undefined) row.append(make("span", "id", messageId));
  return row;
}

const TONES = { running: "good", starting: "warn", idle: "warn", draining: "warn", stopped: "bad" };

function drawState(text, tone) {
  const state = find('[data-is="state"]');
  state.textContent = text;
  state.dataset.tone = tone;
}

function draw(state) {
  document.body.classList.remove("lost");
  document.title = state.queueName + " · queuehand";
  put("queue", state.queueName);
  drawState(state.worker.state, TONES[state.worker.state]);
  put("since", "up " + span((state.now - state.startedAt) / 1000));
  drawAlerts(state);
  drawSlots(state.worker);
  drawCurve("busy", state.history.busy);
  put("handled", rate(state.handledPerSecond), make("small", "", " /s"));
  put("handled-note", count(state.handled) + " so far");
  drawCurve("handled", state.history.handledPerSecond);
  drawQueue(state);
  drawTimes("in-queue", state.inQueueMs);
  drawTimes("agent", state.agentMs);
  drawTotals(state.totals);
  drawEvents(state);
}

function drawLost() {
  if (document.body.classList.contains("lost")) return;
  document.body.classList.add("lost");
  drawState("not reachable", "bad");
  put("since", "since " + new Date().toLocaleTimeString("en-GB"));
}

async function ask() {
  try {
    // A page that nobody sees asks nothing.
    if (!document.hidden) {
      const response = await fetch("/console/state", { cache: "no-store", signal: AbortSignal.timeout(5000) });
      if (!response.ok) throw new Error("HTTP " + response.status);
      draw(await response.json());
    }
  } catch (error) {
    console.error(error);
    drawLost();
  }
  setTimeout(ask, ASK_EVERY_MS);
}
ask();
`;
