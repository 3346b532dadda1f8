/**
 * The agents of the bench, the same for every contestant; BENCH_AGENT names one: `noop`, `mixed`, `between:MIN,MAX`,
 * `block:MS`, `spawn`. All but `noop` and `spawn` write a line when a run starts and when it ends to the file
 * BENCH_EVENTS: written synchronously, so that the line is there even if the process dies right after.
 */
import { openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const PROGRAM = "/bin/true";
const SHORT_MS = 20;
const LONG_MS = 1000;
const LONG_SHARE = 0.1;

// Seeded, so that every contestant gets the same sequence of durations.
let state = 42;
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

// Appended to, since several processes of a contestant may write to it.
const events = process.env.BENCH_EVENTS && openSync(process.env.BENCH_EVENTS, "a");

function event(kind, id) {
  writeSync(events, `${kind} ${id} ${Number(process.hrtime.bigint()) / 1e6}\n`);
}

function logged(run) {
  return async (id) => {
    event("start", id);
    await run();
    event("end", id);
  };
}

/** What one writes by hand to have a program work on a message: its body on stdin, no look at what it says. */
function spawnProgram(_id, body) {
  // Loaded only here: the others' processes must not pay for it.
  const { spawn } = process.getBuiltinModule("node:child_process");
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM);
    child.once("error", reject).once("close", resolve);
    // It need not read its input.
    child.stdin.on("error", () => {}).end(body);
    child.stdout.resume();
    child.stderr.resume();
  });
}

function agentNamed(text) {
  const [name, parameters = ""] = text.split(":");
  const [first, second] = parameters.split(",").map(Number);
  switch (name) {
    case "noop":
      return async () => {};
    case "instant":
      return logged(() => {});
    case "mixed":
      return logged(() => sleep(random() < LONG_SHARE ? LONG_MS : SHORT_MS));
    case "between":
      return logged(() => sleep(first + random() * (second - first)));
    case "block":
      // Blocks the event loop without using the CPU, so that it disturbs nothing that is measured beside it.
      return logged(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, first));
    case "spawn":
      return spawnProgram;
    default:
      throw new Error(`BENCH_AGENT must be noop, instant, mixed, between:MIN,MAX, block:MS or spawn, got "${text}"`);
  }
}

/** Works on the message with this id and body. */
export const work = agentNamed(process.env.BENCH_AGENT ?? "noop");

export default (message) => work(message.id, message.raw);
