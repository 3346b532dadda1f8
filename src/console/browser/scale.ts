import { ask, button, find, make } from "./dom.js";
import type { ExtraSection } from "./extra-section.js";
import type { Scale } from "./scale-data.js";
import { count } from "./words.js";

const EVENTS_SHOWN = 12;
const RATE_MAX = 600;

const ACTIONS = [
  ["kill", "kill a task", "SIGKILL to the oldest task"],
  ["freeze", "freeze one", "SIGSTOP for longer than a lease lasts"],
  ["cut", "cut its network", "Its calls hang for longer than a lease lasts"],
  ["poison", "poison 10 %", "One message in ten fails; again: no more"],
  ["deploy", "deploy", "Replaces all tasks by a new version, new ones first"],
] as const;

/** The section of `dev --scale`. */
export const scale: ExtraSection = {
  prepare(section) {
    const buttons = ACTIONS.map(([name, text, help]) => button(text, help, () => void act(name, {})));
    section.append(
      make("div", "buttons scale-actions", ...buttons, slider()),
      field("p", "scale-said", "note"),
      make(
        "div",
        "grid",
        card(
          "Equation",
          "Every message that was sent is in one of these places.",
          field("p", "scale-sum", "figure small"),
          field("p", "scale-proof", "note"),
        ),
        card(
          "Tasks",
          "Worker processes in place of Fargate tasks.",
          field("p", "scale-tasks", "figure"),
          field("ul", "scale-cells", "scale-cells"),
        ),
        card(
          "Wait",
          "From sent to agent started, of the last second's messages.",
          field("p", "scale-wait", "figure"),
          field("p", "scale-wait-note", "note"),
        ),
        card(
          "Load",
          "Messages a second on this machine's clock.",
          field("p", "scale-load", "figure"),
          field("p", "scale-load-note", "note"),
        ),
        card(
          "Cost so far",
          "At AWS's prices; the others in the simulator, on the same arrivals.",
          field("p", "scale-cost", "figure"),
          field("ul", "scale-peers", "plain"),
        ),
        card(
          "Alarms",
          "What CloudWatch would say of the metrics that the workers publish.",
          field("ul", "scale-alarms", "plain"),
        ),
        card(
          "What happened",
          "Orders with their reasons, tasks, and what was done to them.",
          field("ul", "scale-events", "plain"),
        ),
      ),
    );
  },
  draw(data) {
    const told = data as Scale;
    if (!told.tasks) return;
    drawEquation(told);
    drawTasks(told);
    drawRest(told);
  },
};

function drawEquation({ equation, overlaps, overlapsExcused, doneAgain }: Scale): void {
  const { sent, done, dead, there, missing, lost, holds, looks } = equation;
  const rest = missing > 0 ? ` + ${count(missing)} on their way` : "";
  say(
    "scale-sum",
    `sent ${count(sent)} = done ${count(done)} + dead ${count(dead)} + still there ${count(there)}${rest}`,
  );
  const verdict = holds ? `holds at ${count(looks)} looks` : `BROKEN: ${count(lost)} lost`;
  const frozen = overlapsExcused > 0 ? ` (${count(overlapsExcused)} more with a task frozen past its lease)` : "";
  say("scale-proof", `${verdict} · overlaps ${count(overlaps)}${frozen} · done again ${count(doneAgain)}`);
  find('[data-is="scale-proof"]').dataset.tone = holds && overlaps === 0 ? "good" : "bad";
}

function drawTasks({ tasks }: Scale): void {
  const more = [
    tasks.starting > 0 ? `${tasks.starting} starting` : "",
    tasks.draining > 0 ? `${tasks.draining} draining` : "",
  ].filter(Boolean);
  say("scale-tasks", [`${tasks.running} of ${tasks.desired}`, ...more].join(", "));
  find('[data-is="scale-cells"]').replaceChildren(
    ...tasks.list.map(({ id, version, state, busy, frozen, cut }) => {
      const look = frozen ? "frozen" : cut ? "cut off" : state;
      const cell = make("li", "", `${id}`, make("small", "", look === "running" ? ` ${busy}` : ` ${look}`));
      cell.title = `task ${id}, version ${version}: ${look}, ${busy} agents`;
      cell.dataset.look = look;
      cell.dataset.version = String(version === tasks.version ? "new" : "old");
      return cell;
    }),
  );
}

function drawRest({ second, speed, load, wait, slotDemand, alarms, events, cost }: Scale): void {
  say("scale-wait", `p95 ${seconds(wait.recent.p95)}`);
  const demand = slotDemand === undefined ? "?" : `${Math.round(slotDemand)} %`;
  say("scale-wait-note", `target ${wait.target} s, longest ${seconds(wait.recent.max)} · SlotDemand ${demand}`);
  say("scale-load", `${short(load.rate)}/s`);
  follow(load.rate);
  const late = load.behind + load.leftOut;
  const slow = late > 100 ? ` · ${count(late)} not sent in time: this machine is too slow` : "";
  const poison = load.poison > 0 ? ` · ${load.poison * 100} % poisoned` : "";
  say(
    "scale-load-note",
    `${load.name} · ${short(load.fleetRate)}/s of the fleet's clock, ${clock(second)} (× ${speed})${poison}${slow}`,
  );
  say("scale-cost", `$${cost.usd.toFixed(4)}`);
  lines(
    "scale-peers",
    cost.peers.map(
      ({ policy, usd, tasks, waitP95 }) =>
        `${nameOf(policy)}: $${usd.toFixed(4)}, ${tasks} tasks, p95 ${seconds(waitP95)}`,
    ),
  );
  lines(
    "scale-alarms",
    alarms.map(
      ({ name, state, metric, value, threshold }) =>
        `${state === "ALARM" ? "▲ " : ""}${name}: ${state}${state === "ALARM" ? ` (${metric} ${value === undefined ? "?" : short(value)} against ${threshold})` : ""}`,
    ),
  );
  lines(
    "scale-events",
    events
      .slice(-EVENTS_SHOWN)
      .reverse()
      .map((event) => `${clock(event.second)} ${event.text}`),
  );
}

/** The load by hand: what it is set to holds from then on. */
function slider(): HTMLElement {
  const input = make("input", "scale-slider");
  Object.assign(input, { type: "range", min: "0", max: String(RATE_MAX), step: "10", value: "300" });
  const value = make("output", "", "300/s");
  input.addEventListener("input", () => {
    value.textContent = `${input.value}/s`;
  });
  input.addEventListener("change", () => void act("load", { load: `constant:${input.value}` }));
  return make("label", "scale-load", "load ", input, value);
}

/** The slider stands where the load is, unless somebody holds it. */
function follow(rate: number): void {
  const input = find<HTMLInputElement>(".scale-slider");
  if (document.activeElement === input) return;
  input.value = String(rate);
  find(".scale-load output").textContent = `${short(rate)}/s`;
}

async function act(action: string, given: object): Promise<void> {
  try {
    const headers = { "content-type": "application/json" };
    await ask(`/api/scale/${action}`, { method: "POST", headers, body: JSON.stringify(given) });
    say("scale-said", "");
  } catch (error) {
    say("scale-said", (error as Error).message);
  }
}

function card(title: string, help: string, ...content: Node[]): HTMLElement {
  const heading = make("h3", "", title);
  heading.title = help;
  return make("section", "card", heading, ...content);
}

function field(tag: "p" | "ul", name: string, className: string): HTMLElement {
  const made = make(tag, className);
  made.dataset.is = name;
  return made;
}

function say(name: string, words: string): void {
  find(`[data-is="${name}"]`).textContent = words;
}

function lines(name: string, words: readonly string[]): void {
  find(`[data-is="${name}"]`).replaceChildren(...words.map((each) => make("li", "", each)));
}

const nameOf = (policy: string) => (policy === "simulated" ? "this policy, simulated" : policy.replace(/ \(.*/, ""));
const short = (value: number) => (value >= 10 ? count(Math.round(value)) : String(Number(value.toFixed(2))));
const seconds = (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
const clock = (second: number) => `${Math.floor(second / 60)}:${String(Math.floor(second % 60)).padStart(2, "0")}`;
