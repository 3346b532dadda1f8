import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { monotonicMs, sleep } from "./clock.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const POLL_MS = 20;

/** Who can be started, with the title that the results print. */
export const TITLES = {
  bare: "bare loop on the SDK",
  squiss: "squiss-ts",
  "sqs-consumer-batch": "sqs-consumer, by batch",
  "sqs-consumer": "sqs-consumer, by message",
  queuehand: "queuehand",
  "queuehand-library": "queuehand, as a library",
};

/** What stands behind a comma in a contestant's name: the same contestant on other terms. */
const VARIANTS = {
  abort: { BENCH_STOP: "abort" },
  "ISOLATION=process": { ISOLATION: "process" },
  "ISOLATION=process-per-message": { ISOLATION: "process-per-message", AGENT_ENV: "BENCH_*" },
  "exec:/bin/true": { HANDLER: "exec:/bin/true" },
  "an agent that spawns /bin/true": { BENCH_AGENT: "spawn" },
};

/** The worker with its agents in a warm pool of processes, and in a fresh one for each message. */
export const POOL = "queuehand, ISOLATION=process";
export const FRESH = "queuehand, ISOLATION=process-per-message";

/** queuehand runs by its command line, as its image does; everybody else is a script of the bench. */
const COMMANDS = { queuehand: [join(HERE, "../dist/cli.js"), "run"] };

/** "sqs-consumer, abort" is sqs-consumer, stopped another way: what is started, and its variant. */
const partsOf = (name) => name.split(", ");

/** Whom a name is about, without its variant. */
export const whose = (name) => partsOf(name)[0];

export function titleOf(name) {
  const [script, variant] = partsOf(name);
  return variant ? `${TITLES[script]}, ${variant}` : TITLES[script];
}

const children = new Set();
const folders = new Set();

/** Ends what this process started and nothing else. */
export function killAll() {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) remove(folder);
}

function remove(folder) {
  // A contestant's processes may take a moment longer to end than the contestant, and write meanwhile.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  folders.delete(folder);
}

function track(child) {
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/** A process beside the contestants: the bench's own server, or the embedded one. Resolves to `{ url, stop, pid }`. */
export function startServer(script) {
  const child = track(spawn(process.execPath, [join(HERE, script)], { stdio: ["ignore", "ignore", "inherit", "ipc"] }));
  return new Promise((resolve, reject) => {
    child.once("message", ({ url }) => resolve({ url, pid: child.pid, stop: () => child.kill("SIGKILL") }));
    child.once("exit", (code) => reject(new Error(`${script} ended with ${code} before it listened`)));
  });
}

/** The control side of a server of the bench's own: what it counted, and a fresh start. */
export function controlOf(server) {
  const ask = async (path, init) => (await fetch(new URL(path, server.url), init)).json();
  return {
    stats: () => ask("/stats"),
    receipts: () => ask("/receipts"),
    reset: (options) => ask("/reset", { method: "POST", body: JSON.stringify(options) }),
  };
}

/**
 * One contestant as a child process, watched from outside: memory from /proc, its agents' starts and ends from a file
 * that they write. Its temporary files go into a folder of its own.
 */
export class Contestant {
  #child;
  #folder = mkdtempSync(join(tmpdir(), "queuehand-bench-"));
  #eventsPath = join(this.#folder, "events");
  #complaints = "";
  /** What it has as TMPDIR. */
  temporary = join(this.#folder, "tmp");

  /**
   * @param name of TITLES, perhaps with one of VARIANTS behind a comma.
   * @param url of the queue.
   * @param terms environment variables: CONCURRENCY, BENCH_AGENT, ...
   * @param nodeOptions for node itself.
   */
  constructor(name, url, terms = {}, nodeOptions = []) {
    folders.add(this.#folder);
    mkdirSync(this.temporary);
    const [script, variant] = partsOf(name);
    const command = COMMANDS[script] ?? [join(HERE, `contestants/${script}.mjs`)];
    this.startedAt = monotonicMs();
    this.#child = track(
      spawn(process.execPath, [...nodeOptions, ...command], {
        cwd: HERE,
        env: {
          PATH: process.env.PATH,
          AWS_ACCESS_KEY_ID: "bench",
          AWS_SECRET_ACCESS_KEY: "bench",
          AWS_REGION: "us-east-1",
          AWS_ENDPOINT_URL_SQS: new URL(url).origin,
          AWS_EC2_METADATA_DISABLED: "true",
          SQS_QUEUE_URL: url,
          HANDLER: "./agent.mjs",
          METRICS: "emf",
          HTTP_PORT: "0",
          TMPDIR: this.temporary,
          BENCH_EVENTS: this.#eventsPath,
          ...VARIANTS[variant],
          ...terms,
        },
        stdio: ["ignore", "ignore", "pipe"],
      }),
    );
    this.name = name;
    this.pid = this.#child.pid;
    this.#child.stderr.setEncoding("utf8").on("data", (text) => {
      this.#complaints = (this.#complaints + text).slice(-2000);
    });
    this.exited = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => {
        this.exit = { at: monotonicMs(), code, signal };
        resolve(this.exit);
      });
    });
  }

  /** Memory in MB: resident now, and its highest mark. */
  memory() {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    const megabytes = (field) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
    return { resident: megabytes("VmRSS"), peak: megabytes("VmHWM") };
  }

  /** What its agents wrote: `{ kind: "start" | "end", id, at }`, `at` in monotonic milliseconds. */
  events() {
    if (!existsSync(this.#eventsPath)) return [];
    return readFileSync(this.#eventsPath, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const [kind, id, at] = line.split(" ");
        return { kind, id, at: Number(at) };
      });
  }

  /** Waits until `fact()` is true; fails when the contestant ends or `deadlineMs` passes first. */
  async until(what, fact, deadlineMs = 20_000) {
    const deadline = monotonicMs() + deadlineMs;
    while (!(await fact())) {
      if (this.exit) {
        const { code, signal } = this.exit;
        const complaint = /^.*Error.*$/m.exec(this.#complaints)?.[0] ?? this.#complaints.trim();
        throw new Error(`${this.name} ended with ${code ?? signal}: ${complaint}`);
      }
      if (monotonicMs() > deadline) throw new Error(`${this.name}: no ${what} within ${deadlineMs} ms`);
      await sleep(POLL_MS);
    }
  }

  signal(name) {
    this.#child.kill(name);
  }

  /** Ends it at once if it still runs; resolves to what it last complained of. */
  async end() {
    if (!this.exit) this.#child.kill("SIGKILL"); // Ends a halted process too.
    await this.exited;
    remove(this.#folder);
    return this.#complaints;
  }
}
