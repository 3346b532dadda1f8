/**
 * The agents of the bench, the same for every contestant; BENCH_AGENT names one: `noop`, `read`, `mixed`,
 * `between:MIN,MAX`, `block:MS`, `call:URL`, `spawn:PROGRAM WORDS`. All but `noop`, `read`, `call` and `spawn` write a line when a run starts
 * and when it ends to the file BENCH_EVENTS: written synchronously, so that the line is there even if the process dies
 * right after.
 */
import { openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

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
function spawning(program, ...words) {
  // Loaded only here: the others' processes must not pay for it.
  const { spawn } = process.getBuiltinModule("node:child_process");
  const path = program === "node" ? process.execPath : program;
  return (_id, message) =>
    new Promise((resolve, reject) => {
      const child = spawn(path, words);
      child.once("error", reject).once("close", resolve);
      // It need not read its input.
      child.stdin.on("error", () => {}).end(message.raw ?? message.Body);
      child.stdout.resume();
      child.stderr.resume();
    });
}

/** queuehand's messages have their body parsed, everybody else parses. */
async function read(_id, message) {
  const { task_id } = message.Body === undefined ? message.body : JSON.parse(message.Body);
  if (task_id === undefined) throw new Error("the body isn't the server's");
}

/** One call of a provider; what it refuses is thrown as BENCH_THROW says: a verb of queuehand's, by its name, or any error. */
function calling(url) {
  const verb = process.env.BENCH_THROW ?? "Error";
  return async () => {
    const answer = await fetch(url, { method: "POST", body: "{}" });
    await answer.arrayBuffer();
    if (answer.ok) return;
    const seconds = Number(answer.headers.get("retry-after"));
    throw Object.assign(new Error(`the provider answered ${answer.status}`), { name: verb, budget: "model", seconds });
  };
}

function agentNamed(text) {
  const [name, parameters = ""] = text.split(":");
  const [first, second] = parameters.split(",").map(Number);
  switch (name) {
    case "noop":
      return async () => {};
    case "read":
      return read;
    case "instant":
      return logged(() => {});
    case "mixed":
      return logged(() => sleep(random() < LONG_SHARE ? LONG_MS : SHORT_MS));
    case "between":
      return logged(() => sleep(first + random() * (second - first)));
    case "block":
      // Blocks the event loop without using the CPU, so that it disturbs nothing that is measured beside it.
      return logged(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, first));
    case "call":
      // A URL has colons of its own.
      return calling(text.slice(name.length + 1));
    case "spawn":
      return spawning(...parameters.split(" "));
    default:
      throw new Error(
        `BENCH_AGENT must be noop, read, instant, mixed, between:MIN,MAX, block:MS, call:URL or spawn:PROGRAM, got "${text}"`,
      );
  }
}

/** Works on a message by its id; the message itself, the library's or SQS's, is touched only by who needs its body. */
export const work = agentNamed(process.env.BENCH_AGENT ?? "noop");

export default (message) => work(message.id, message);
