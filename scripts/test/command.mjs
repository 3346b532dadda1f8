import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const BIN = join(ROOT, "node_modules", ".bin");
const KILL_AFTER_MS = 5000;
/** A process that outlives the command may hold its output open for ever; what it says later is not waited for. */
const OUTPUT_AFTER_EXIT_MS = 5000;

/**
 * Runs a program to its end and gathers what it printed. Never rejects.
 * @param command program and arguments; programs of node_modules are found first.
 * @param options `env`: variables to add; `onLine`: called with each line instead of gathering it; `timeoutMs`: after
 *   it the program and its children are ended and the exit code is 124.
 * @returns `{ code, output }`; code 127 where the program can't be started.
 */
export function run([program, ...args], { env = {}, onLine, timeoutMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH}`, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    let output = "";
    let timedOut = false;
    const signalGroup = (signal) => {
      try {
        process.kill(-child.pid, signal);
      } catch {} // gone already
    };
    const interrupt = () => {
      signalGroup("SIGTERM");
      process.exit(130);
    };
    process.once("SIGINT", interrupt);
    const timer =
      timeoutMs &&
      setTimeout(() => {
        timedOut = true;
        output += `\n${program} did not end within ${timeoutMs / 1000} s`;
        signalGroup("SIGTERM");
        setTimeout(() => signalGroup("SIGKILL"), KILL_AFTER_MS).unref();
      }, timeoutMs);
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream.setEncoding("utf8").on("data", (text) => {
        if (!onLine) {
          output += text;
          return;
        }
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        for (const line of lines) onLine(line);
      });
      stream.on("end", () => rest && onLine?.(rest));
    }
    const settle = (code) => {
      clearTimeout(timer);
      process.off("SIGINT", interrupt);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code: timedOut ? 124 : code, output });
    };
    child.on("error", ({ message }) => {
      output += message;
      settle(127);
    });
    child.on("exit", (code) => setTimeout(settle, OUTPUT_AFTER_EXIT_MS, code ?? 1).unref());
    child.on("close", (code) => settle(code ?? 1));
  });
}
