/** Reads the lines of `dev --scale --json`: the states, and from them each task's life. */
export function recordingOf(text) {
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const summary = lines.find(({ kind }) => kind === "summary");
  const states = lines.filter(({ kind, tasks }) => kind === "state" && tasks.list.length > 0);
  if (!summary || states.length < 2) throw new Error("a whole run is needed: states, and a summary as the last line");
  return {
    summary,
    states,
    seconds: states.at(-1).second,
    lives: livesOf(states),
    captions: lines.filter(({ kind, text }) => kind === "event" && CAPTION.test(text)),
  };
}

/** What is worth reading while it moves: orders, and what was done to the fleet. */
const CAPTION = /orders|killed \(SIGKILL\)|frozen for|network of|is to be deployed|is deployed/;

/** For each task the stretches in which it was in one state: { from, until, look }. */
function livesOf(states) {
  const lives = new Map();
  for (const [at, { second, tasks }] of states.entries()) {
    const until = states[at + 1]?.second ?? second;
    for (const task of tasks.list) {
      const life = lives.get(task.id) ?? { id: task.id, version: task.version, stretches: [] };
      lives.set(task.id, life);
      const look = lookOf(task);
      const last = life.stretches.at(-1);
      if (last && last.look === look && last.until === second) last.until = until;
      else life.stretches.push({ from: second, until, look });
    }
  }
  return [...lives.values()].sort((a, b) => a.id - b.id);
}

function lookOf({ state, frozen, cut, version }) {
  if (frozen) return "frozen";
  if (cut) return "cut";
  if (state !== "running") return state;
  return version > 1 ? "running2" : "running";
}
