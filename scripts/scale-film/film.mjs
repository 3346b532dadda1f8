import { areaOf, lineOf, scaleOf, stepsOf, text } from "./shapes.mjs";
import { STYLE } from "./style.mjs";

const WIDTH = 860;
const LEFT = 92;
const RIGHT = 16;
const PLOT = WIDTH - LEFT - RIGHT;
const HEAD = 58;
const GAP = 22;
const HEIGHTS = { load: 52, tasks: 190, wait: 62 };
const FOOT = 74;
const LOOP_SECONDS = 24;
/** The last picture stands for this share of the loop. */
const HOLD = 0.16;
const CAPTIONS_SHOWN = 3;

/** An animated SVG that needs nothing else: no script, no font. Where nothing may move it is the last picture. */
export function filmOf({ summary, states, seconds, lives, captions }) {
  const x = (second) => LEFT + (second / seconds) * PLOT;
  const top = { load: HEAD, tasks: HEAD + HEIGHTS.load + GAP };
  top.wait = top.tasks + HEIGHTS.tasks + GAP;
  const bottom = top.wait + HEIGHTS.wait;
  const height = bottom + FOOT;
  const points = (value) => states.map((state) => [x(state.second), value(state)]);
  const parts = [
    ...panel(
      "load",
      "messages/s",
      top.load,
      HEIGHTS.load,
      points(({ load }) => load.fleetRate * summary.speed),
      areaOf,
    ),
    ...tasksPanel({ lives, points, x, top: top.tasks }),
    ...waitPanel(
      points(({ wait }) => wait.recent.p95),
      summary.wait.target,
      top.wait,
    ),
    ...axis(seconds, x, bottom),
  ];
  const frames = states.map((state, at) => frameOf(state, at / states.length, captions, bottom));
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${ABOUT}">`,
    `<style>${STYLE}${timing(states.length)}</style>`,
    `<rect class="card" width="${WIDTH}" height="${height}" rx="10"/>`,
    ...parts,
    `<g class="curtain"><rect class="cover" x="${LEFT}" y="${HEAD - 6}" width="${PLOT + RIGHT - 2}" height="${bottom - HEAD + 8}"/><path class="head" d="M${LEFT} ${HEAD - 6}V${bottom}"/></g>`,
    text([LEFT - 76, 26], "title", "queuehand dev --scale"),
    text(
      [LEFT - 76, 44],
      "dim",
      `real worker processes, AWS's control loop, ${summary.speed} times as fast as real time`,
    ),
    ...frames,
    "</svg>",
  ].join("\n")}\n`;
}

const ABOUT =
  "A recording of queuehand dev --scale: the load rises, tasks are started, one is killed, one frozen, one cut off, a new version is deployed, the load falls and tasks end; sent = done + dead + still there holds throughout.";

function panel(name, unit, top, height, points, draw) {
  const { y, most } = scaleOf(points, top, height);
  return [
    text([LEFT - 8, top + 10], "label end", name),
    text([LEFT - 8, top + 24], "dim end", unit),
    text([WIDTH - RIGHT, top + 4], "dim end", `${Math.round(most)}`),
    draw(
      points.map(([px, value]) => [px, y(value)]),
      top + height,
      name,
    ),
  ];
}

/** A bar for each task, as long as it lives. */
function tasksPanel({ lives, points, x, top }) {
  const height = HEIGHTS.tasks;
  const row = Math.min(14, (height - 44) / lives.length);
  const bars = lives.flatMap(({ stretches }, at) =>
    stretches.map(({ from, until, look }) => {
      const y = top + 44 + at * row;
      const width = Math.max(1, x(until) - x(from));
      return `<rect class="${look}" x="${x(from).toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${(row - 2).toFixed(1)}" rx="1.5"/>`;
    }),
  );
  const running = points(({ tasks }) => tasks.running);
  const desired = points(({ tasks }) => tasks.desired);
  const { y, most } = scaleOf([...running, ...desired], top, 36);
  const at = (line) => line.map(([px, value]) => [px, y(value)]);
  const legend = [
    ["running", "running"],
    ["running2", "version 2"],
    ["starting", "starting"],
    ["draining", "draining"],
    ["frozen", "frozen"],
    ["cut", "cut off"],
  ];
  return [
    text([LEFT - 8, top + 10], "label end", "tasks"),
    text([LEFT - 8, top + 24], "dim end", "running"),
    text([LEFT - 8, top + 36], "dim end", "┄ ordered"),
    text([WIDTH - RIGHT, top + 4], "dim end", String(most)),
    stepsOf(at(desired), "desired"),
    stepsOf(at(running), "count"),
    ...bars,
    ...legend.map(([look, word], place) => {
      const ly = top + 56 + place * 14;
      return `<rect class="${look}" x="${LEFT - 82}" y="${ly - 8}" width="9" height="9" rx="1.5"/>${text([LEFT - 69, ly], "dim small", word)}`;
    }),
  ];
}

function waitPanel(points, target, top) {
  const { y, most } = scaleOf([...points, [0, target]], top, HEIGHTS.wait);
  return [
    text([LEFT - 8, top + 10], "label end", "wait"),
    text([LEFT - 8, top + 24], "dim end", "p95, s"),
    text([WIDTH - RIGHT, top + 4], "dim end", String(Math.round(most))),
    `<path class="target" d="M${LEFT} ${y(target).toFixed(1)}H${WIDTH - RIGHT}"/>`,
    text([LEFT + 4, y(target) - 4], "dim small", `target ${target} s`),
    lineOf(
      points.map(([px, value]) => [px, y(value)]),
      "waited",
    ),
  ];
}

function axis(seconds, x, bottom) {
  const step = [60, 120, 300, 600].find((each) => seconds / each <= 8) ?? 1200;
  const ticks = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, at) => at * step);
  return ticks.map((second) => text([x(second), bottom + 15], "dim middle small", `${second / 60} min`));
}

/** What is written at one moment: the counters, and what happened last. */
function frameOf(state, share, captions, bottom) {
  const { equation, overlaps, cost, second } = state;
  const group = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");
  const sum = `sent ${group(equation.sent)} = done ${group(equation.done)} + dead ${group(equation.dead)} + still there ${group(equation.there)}`;
  const peers = cost.peers.filter(({ policy }) => policy !== "simulated");
  const dollars = [["cost", cost.usd], ...peers.map(({ policy, usd }) => [policy.split(" ")[0], usd])];
  const told = captions.filter((caption) => caption.second <= second).slice(-CAPTIONS_SHOWN);
  return `<g class="frame" style="animation-delay:${(share * LOOP_SECONDS * (1 - HOLD)).toFixed(2)}s">${[
    text([WIDTH - RIGHT, 26], "sum end", sum),
    text(
      [WIDTH - RIGHT, 44],
      "dim end",
      `overlaps ${overlaps} · ${dollars.map(([name, usd]) => `${name} $${usd.toFixed(3)}`).join(" · ")}`,
    ),
    ...told.map(({ second: at, text: what }, place) =>
      text(
        [LEFT - 76, bottom + 34 + place * 14],
        `small ${place === told.length - 1 ? "now" : "dim"}`,
        `${clock(at)}  ${short(what)}`,
      ),
    ),
  ].join("")}</g>`;
}

const CAPTION_MAX = 118;
const short = (words) => (words.length > CAPTION_MAX ? `${words.slice(0, CAPTION_MAX - 1)}…` : words);
const clock = (second) => `${Math.floor(second / 60)}:${String(Math.round(second % 60)).padStart(2, "0")}`;

function timing(frames) {
  const each = ((1 - HOLD) / frames) * 100;
  return `
.curtain{animation:curtain ${LOOP_SECONDS}s linear infinite}
.frame{opacity:0;animation:frame ${LOOP_SECONDS}s steps(1) infinite}
.frame:last-of-type{animation-name:last}
@keyframes curtain{0%{transform:translateX(0);opacity:1}${((1 - HOLD) * 100).toFixed(1)}%{transform:translateX(${PLOT}px);opacity:1}${((1 - HOLD) * 100 + 0.2).toFixed(1)}%{transform:translateX(${PLOT}px);opacity:0}100%{opacity:0}}
@keyframes frame{0%{opacity:1}${each.toFixed(2)}%{opacity:0}100%{opacity:0}}
@keyframes last{0%{opacity:1}${(HOLD * 100 + each).toFixed(2)}%{opacity:0}100%{opacity:0}}
@media (prefers-reduced-motion:reduce){.curtain{display:none}.frame{animation:none}.frame:last-of-type{opacity:1}}`;
}
