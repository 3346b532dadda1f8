import type { ConsoleTotals, Now, SlotView } from "../api.js";
import { find, make, put } from "./dom.js";
import { entry } from "./entry.js";
import { count, duration, quantile, rate, STATES, span, TROUBLES, WITHOUT_RUN } from "./words.js";

const CELLS_MAX = 100;
/** Of what runs, those that run longest are told without being pointed at. */
const LINES_MAX = 4;
const TONES = { running: "good", starting: "warn", idle: "warn", draining: "warn", stopped: "bad" } as const;
const OUTCOMES = ["done", "retry", "reject", "defer", "interrupted", "leaseLost"] as const;

/** The cell that is pointed at or has the keyboard's focus; its words stand under the cells. */
let pointed: number | undefined;

export function prepareNow(): void {
  const cells = find(".cells");
  const point = (event: Event) => {
    const at = [...cells.children].indexOf((event.target as Element).closest("li") as Element);
    pointed = at < 0 ? undefined : at;
  };
  cells.addEventListener("focusin", point);
  cells.addEventListener("pointerover", point);
  cells.addEventListener("focusout", () => {
    pointed = undefined;
  });
  cells.addEventListener("pointerleave", () => {
    pointed = undefined;
  });
  cells.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const all = [...cells.children] as HTMLElement[];
    all[(pointed ?? -1) + step]?.focus();
  });
}

export function drawNow(now: Now): void {
  document.title = `${now.queueName} · queuehand`;
  put("queue", now.queueName);
  drawState(now.worker.state, TONES[now.worker.state]);
  put("since", `up ${span((now.now - now.startedAt) / 1_000)}`);
  drawAlerts(now);
  drawSlots(now);
  drawBacklog(now);
  put("rate", rate(now.handledPerSecond), make("small", "", " /s"));
  put("rate-note", `${rate(now.receivedPerSecond)} /s received · ${count(now.handled)} so far`);
  put("success", now.successRate === undefined ? "–" : percent(now.successRate));
  put(
    "success-note",
    `${count(now.failuresPerMinute)} ${now.failuresPerMinute === 1 ? "failure" : "failures"} in the last minute`,
  );
  for (const which of ["p50", "p95", "p99"] as const) {
    put(`first-try-${which}`, quantile(now.firstTryMs, which));
    put(`later-try-${which}`, quantile(now.laterTryMs, which));
    put(`in-queue-${which}`, quantile(now.inQueueMs, which));
    put(`agent-${which}`, quantile(now.agentMs, which));
  }
  drawTotals(now.totals);
  drawWorker(now);
}

export function drawState(text: string, tone: "good" | "warn" | "bad"): void {
  const state = find('[data-is="state"]');
  if (state.textContent !== text) state.textContent = text;
  state.dataset.tone = tone;
}

/** Not 100 % where one of a million failed. */
function percent(share: number): string {
  const hundredths = Math.floor(share * 10_000) / 100;
  return `${share === 1 ? "100" : hundredths.toFixed(hundredths > 99 ? 2 : 1)} %`;
}

function drawAlerts({ receiveTrouble, breaker, hungAgents, worker, notReady }: Now): void {
  const texts = [
    ...(notReady.length > 0 && worker.state === "running" ? [`Not ready: ${notReady.join("; ")}`] : []),
    ...(receiveTrouble
      ? [`Nothing could be received for ${span(receiveTrouble.seconds)}: ${receiveTrouble.cause}`]
      : []),
    ...(breaker
      ? [
          `The breaker is open: ${breaker.failures} of the last ${breaker.of} agents failed; messages go one at a time until some succeed.`,
        ]
      : []),
    ...(hungAgents > 0
      ? [`${hungAgents} of ${worker.slots} slots are held by agents that were aborted and run on.`]
      : []),
  ];
  const alerts = find(".alerts");
  if (texts.join("\n") === [...alerts.children].map(({ textContent }) => textContent).join("\n")) return;
  alerts.replaceChildren(...texts.map((text) => make("p", "", text)));
}

function drawSlots({ worker, slots: busySlots, now }: Now): void {
  const { busy, slots } = worker;
  put("busy", count(busy), make("small", "", ` of ${count(slots)} busy`));
  const cells = find(".cells");
  const asBar = slots > CELLS_MAX;
  cells.classList.toggle("bar", asBar);
  const wanted = asBar ? 1 : slots;
  while (cells.childElementCount < wanted) cells.append(cell(cells.childElementCount === 0));
  while (cells.childElementCount > wanted) cells.lastElementChild!.remove();
  if (asBar) {
    const bar = cells.firstElementChild as HTMLElement;
    bar.style.width = `${(busy / slots) * 100}%`;
    bar.setAttribute("aria-label", `${busy} of ${slots} slots are busy`);
  } else {
    [...cells.children].forEach((one, index) => {
      one.classList.toggle("on", index < busy);
      const words = index < busy ? slotWords(busySlots[index], now) : "free";
      if (one.getAttribute("aria-label") !== words) one.setAttribute("aria-label", words);
    });
  }
  const told = pointed === undefined ? busySlots.slice(0, LINES_MAX) : busySlots.slice(pointed, pointed + 1);
  const lines = told.map((slot) => make("span", "", slotWords(slot, now)));
  put("cell", ...(lines.length > 0 ? lines : [make("span", "", pointed === undefined ? "nothing runs" : "free")]));
}

/** One of them has the keyboard's focus at a time; the arrows go on from there. */
function cell(first: boolean): HTMLElement {
  const made = make("li");
  made.tabIndex = first ? 0 : -1;
  return made;
}

function slotWords(slot: SlotView | undefined, now: number): string {
  if (!slot) return "busy";
  const { messageId, since, receiveCount, note } = slot;
  const again = receiveCount > 1 ? `, receive ${receiveCount}` : "";
  return `${messageId}, for ${duration(Math.max(0, now - since))}${again}${note === undefined ? "" : `: ${note}`}`;
}

function drawBacklog({ queue, worker }: Now): void {
  put("waiting", count((queue?.waiting ?? 0) + worker.buffered));
  const { inFlight, delayed, deadLetters } = queue ?? {};
  const parts = [
    ...(queue ? [] : ["received, waiting for a slot"]),
    ...(inFlight === undefined ? [] : [`${count(inFlight)} in flight`]),
    ...(delayed === undefined ? [] : [`${count(delayed)} delayed`]),
  ];
  const dead =
    deadLetters === undefined ? [] : [make(deadLetters > 0 ? "b" : "span", "", `${count(deadLetters)} dead`)];
  put("waiting-note", parts.join(" · "), ...(dead.length > 0 && parts.length > 0 ? [" · "] : []), ...dead);
}

function drawTotals({ settled, withoutRun, ...sums }: ConsoleTotals): void {
  find("#outcomes dl").replaceChildren(
    ...OUTCOMES.map((kind) => entry(...STATES[kind], settled[kind], `var(--${kind})`)),
  );
  find(".shares").replaceChildren(
    ...OUTCOMES.filter((kind) => settled[kind] > 0).map((kind) => {
      const share = make("i");
      share.style.flex = `${settled[kind]} 0 2px`;
      share.style.background = `var(--${kind})`;
      return share;
    }),
  );
  const causes = Object.entries(withoutRun).filter(([, receives]) => receives > 0);
  const totals: Record<string, number | object> = {
    ...sums,
    withoutRun: causes.reduce((sum, [, receives]) => sum + receives, 0),
  };
  find("#troubles dl").replaceChildren(
    ...TROUBLES.flatMap(([name, word, help, harmless]) => [
      entry(word, help, totals[name] as number, "", !harmless),
      ...(name === "withoutRun"
        ? causes.map(([cause, receives]) => {
            const [what, why] = WITHOUT_RUN[cause] ?? [cause, ""];
            return entry(`– ${what}`, why, receives, "", true);
          })
        : []),
    ]),
  );
}

function drawWorker(now: Now): void {
  const { worker, notReady, tasks, receivesPerMessage, withoutRunPerMinute } = now;
  find("#worker dl").replaceChildren(
    entry("ready", "Whether it does its work: what a load balancer would ask.", notReady.length === 0 ? "yes" : "no"),
    entry("tasks", "Workers on this queue, as far as this one knows.", tasks),
    entry("open polls", "Receives that wait for an answer.", worker.openPolls),
    entry("buffered", "Received messages that wait for a slot, under their lease.", worker.buffered),
    entry("held back", "Received messages that wait under their lease for another run.", worker.heldBack ?? 0),
    entry("settling", "Ended runs whose outcome isn't carried out on the queue yet.", worker.settling),
    entry(
      "receives a message",
      "Calls of the last minute for each message handled: 0.1 is the least, as a receive brings ten at most.",
      receivesPerMessage === undefined ? "–" : receivesPerMessage.toFixed(2),
    ),
    entry("without a run, last minute", "Receives that no run followed.", withoutRunPerMinute, "", true),
  );
}
