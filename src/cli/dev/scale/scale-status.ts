import type { Paint } from "../../../console/status-lines.js";
import type { ScaleView, TaskView } from "./scale-view.js";

const EVENTS_SHOWN = 8;

/** The view as a block of lines for a terminal. */
export function scaleLines(view: ScaleView, paint: Paint): string[] {
  const { tasks, queue, wait, load, equation, cost, alarms } = view;
  const dim = (text: string) => paint("dim", text);
  const late = wait.recent.p95 > wait.target;
  const loud = alarms.filter(({ state }) => state === "ALARM").map(({ name }) => name);
  return [
    `${dim("fleet's clock")} ${clock(view.second)} ${dim(`(× ${view.speed})`)}   ${dim("load")} ${short(load.rate)}/s here, ${short(load.fleetRate)}/s of the fleet's   ${dim(load.name)}${load.poison > 0 ? paint("red", `   ${load.poison * 100} % poisoned`) : ""}${load.behind > 100 ? paint("red", `   ${load.behind + load.leftOut} not sent in time: this machine is too slow, try a lower --speed or load`) : ""}`,
    `${dim("tasks")} ${tasks.running} running, ${tasks.desired} desired${tasks.starting ? `, ${tasks.starting} starting` : ""}${tasks.draining ? `, ${tasks.draining} draining` : ""}   ${tasks.list.map((task) => cell(task, paint)).join(" ")}`,
    `${dim("wait")} ${paint(late ? "red" : "green", `p95 ${seconds(wait.recent.p95)}`)} ${dim(`(target ${wait.target} s)`)}, longest ${seconds(wait.recent.max)}   ${dim("waiting")} ${queue.visible}   ${dim("in flight")} ${queue.inFlight}   ${dim("SlotDemand")} ${view.slotDemand === undefined ? "?" : `${Math.round(view.slotDemand)} %`}   ${dim("alarms")} ${loud.length > 0 ? paint("yellow", loud.join(", ")) : "none"}`,
    `${dim("cost so far")} ${usd(cost.usd)}   ${cost.peers.map(({ policy, usd: dollars, tasks: count, waitP95 }) => `${dim(nameOf(policy))} ${usd(dollars)} ${dim(`(${count} tasks, p95 ${seconds(waitP95)})`)}`).join("   ")}`,
    `${equationLine(view, paint)}`,
    ...view.events.slice(-EVENTS_SHOWN).map(({ second, text }) => dim(`  ${clock(second)} ${text}`)),
    dim("k kill   f freeze   c cut network   p poison 10 %   d deploy   + - load   q quit") +
      (equation.holds ? "" : paint("red", "   MESSAGES ARE LOST")),
  ];
}

/** `sent 120 = done 100 + dead 2 + still there 18   holds   overlaps 0`. */
function equationLine(view: ScaleView, paint: Paint): string {
  const { equation, overlaps, overlapsExcused, doneAgain } = view;
  const { sent, done, dead, there, missing, lost, holds, looks } = equation;
  const rest = missing > 0 ? ` + ${missing} on their way` : "";
  const frozen = overlapsExcused > 0 ? ` (and ${overlapsExcused} with a task frozen past its lease)` : "";
  return [
    `sent ${sent} = done ${done} + dead ${dead} + still there ${there}${rest}`,
    holds ? paint("green", `holds at ${looks} looks`) : paint("red", `${lost} LOST`),
    paint(overlaps === 0 ? "green" : "red", `overlaps ${overlaps}`) + frozen,
    `done again ${doneAgain}`,
  ].join("   ");
}

/** The same as one line for a file or a pipe. */
export function scaleLine(view: ScaleView): string {
  const plain: Paint = (_, text) => text;
  const { tasks, wait, queue, load, cost } = view;
  return `${clock(view.second)}   load ${short(load.rate)}/s   tasks ${tasks.running}/${tasks.desired}   waiting ${queue.visible}   wait p95 ${seconds(wait.recent.p95)} of ${wait.target} s   ${usd(cost.usd)}   ${equationLine(view, plain)}`;
}

/** What is said at the end. */
export function scaleSummary(view: ScaleView): string {
  const plain: Paint = (_, text) => text;
  const { wait, cost } = view;
  const peers = cost.peers.map(
    ({ policy, usd: dollars, waitP95 }) => `${nameOf(policy)} ${usd(dollars)} (p95 ${seconds(waitP95)})`,
  );
  return [
    `In ${clock(view.second)} of the fleet's clock: ${equationLine(view, plain)}.`,
    `Waits: p50 ${seconds(wait.all.p50)}, p95 ${seconds(wait.all.p95)}, p99 ${seconds(wait.all.p99)}, longest ${seconds(wait.all.max)}; target ${wait.target} s.`,
    ...(view.load.leftOut > 0
      ? [`This machine was too slow: ${view.load.leftOut} messages of the load were never sent. Try a lower --speed.`]
      : []),
    `Cost: ${usd(cost.usd)} for ${cost.taskHours.toFixed(2)} task-hours; on the same arrivals, in the simulator: ${peers.join(", ")}.`,
  ].join("\n");
}

function cell({ id, version, state, busy, frozen, cut }: TaskView, paint: Paint): string {
  const name = `${id}${version > 1 ? `v${version}` : ""}`;
  if (frozen) return paint("red", `${name}:frozen`);
  if (cut) return paint("red", `${name}:cut`);
  if (state === "starting") return paint("dim", `${name}:…`);
  if (state === "draining") return paint("yellow", `${name}:↓${busy}`);
  return `${name}:${busy}`;
}

const nameOf = (policy: string) => (policy === "simulated" ? "this policy" : policy.replace(/ \(.*/, ""));
const usd = (dollars: number) => `$${dollars.toFixed(dollars < 10 ? 4 : 2)}`;
const short = (value: number) => (value >= 10 ? String(Math.round(value)) : String(Number(value.toFixed(2))));
const seconds = (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;

function clock(second: number): string {
  const whole = Math.floor(second);
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${pad(Math.floor(whole / 3600))}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
}
