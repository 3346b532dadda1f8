import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { monotonicMs, sleep } from "./clock.mjs";
import { startOf } from "./line-up.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const POLL_MS = 20;

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
    calls: () => ask("/calls"),
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
   * @param name as in the line-up: of TITLES, perhaps with one of VARIANTS behind a comma.
   * @param url of the queue.
   * @param terms environment variables: CONCURRENCY, BENCH_AGENT, ...
   * @param nodeOptions for node itself.
   */
  constructor(name, url, terms = {}, nodeOptions = []) {
    folders.add(this.#folder);
    mkdirSync(this.temporary);
    const { command, terms: ofVariant } = startOf(name);
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
          ...ofVariant,
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

  /** Resident memory in MB. */
  get residentMb() {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
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
