import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { commandWords } from "../../agents/process/command-words.js";
import { BYTES_MAX } from "../../aws/sqs/dead-letter-copy.js";
import { checked, type Edited, type Editor } from "../../letters/edited.js";
import { maskedValue } from "../../text/masked.js";
import { printable } from "../../text/printable.js";
import { UsageError } from "../command-line.js";
import type { EditorGuard } from "./editor-guard.js";
import { moduleEditor } from "./module-editor.js";

const TIMEOUT_MS = 60_000;
const TOO_LONG: Edited = { leave: `the editor took longer than ${TIMEOUT_MS / 1000} s` };
const INTERRUPTED: Edited = { leave: "interrupted while it was edited" };

/**
 * The editor that `--edit` names: a JavaScript module whose default export takes a body and returns one (or nothing: the
 * letter stays), or a command that gets the body on stdin and writes one to stdout. No shell sees the command.
 * @param guard watches over the module, and is the caller's to release.
 * @throws UsageError, or CommandError when the module can't be loaded.
 */
export async function editorOf(given: string, guard: EditorGuard): Promise<Editor> {
  let words: string[];
  try {
    words = commandWords(given);
  } catch (error) {
    throw new UsageError(`--edit ${maskedValue(given)} ${(error as Error).message}`);
  }
  const [file, ...args] = words;
  if (!file) throw new UsageError("--edit names no command and no module");
  if (args.length === 0 && /\.[mc]?js$/.test(file) && existsSync(file)) return ofModule(file, guard);
  return (letter, stop, bytesMax = BYTES_MAX) => runCommand(file, args, letter.message.body, stop, bytesMax);
}

async function ofModule(file: string, guard: EditorGuard): Promise<Editor> {
  const made = await moduleEditor(file, guard);
  return (letter, stop, bytesMax) =>
    new Promise((done) => {
      const interrupted = () => end(INTERRUPTED);
      const timer = setTimeout(() => end(TOO_LONG), TIMEOUT_MS);
      const end = (edited: Edited) => {
        clearTimeout(timer);
        stop.removeEventListener("abort", interrupted);
        done(edited);
      };
      stop.addEventListener("abort", interrupted, { once: true });
      void made(letter).then((edited) => end(checked(edited, letter.message.body, bytesMax)));
    });
}

function runCommand(
  file: string,
  args: readonly string[],
  body: string,
  stop: AbortSignal,
  bytesMax: number,
): Promise<Edited> {
  return new Promise((done) => {
    // A group of its own: what it has started is to end with it, and a Ctrl-C is ours to hand on.
    const child = spawn(file, args, { stdio: "pipe", detached: true });
    const out: Buffer[] = [];
    let size = 0;
    let errors = "";
    const interrupted = () => cut(INTERRUPTED);
    const timer = setTimeout(() => cut(TOO_LONG), TIMEOUT_MS);
    const end = (edited: Edited) => {
      clearTimeout(timer);
      stop.removeEventListener("abort", interrupted);
      done(edited);
    };
    const cut = (edited: Edited) => {
      killGroup(child.pid);
      end(edited);
    };
    stop.addEventListener("abort", interrupted, { once: true });
    child.on("error", (error) => end({ leave: `the editor can't be run: ${error.message}` }));
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > bytesMax) cut({ leave: `the editor wrote more than ${bytesMax} bytes` });
      else out.push(chunk);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors = (errors + text).slice(-1_000);
    });
    child.on("close", (code, signal) => {
      const last = errors.trim().split("\n").at(-1);
      const how = signal ? `was killed by ${signal}` : `ended with exit code ${code}`;
      if (code !== 0) return end({ leave: `the editor ${how}${last ? `: ${printable(last, 300)}` : ""}` });
      const made = Buffer.concat(out).toString();
      // Most programs end what they write with a newline, which the body had none of.
      end(checked({ body: made.endsWith("\n") && !body.endsWith("\n") ? made.slice(0, -1) : made }, body, bytesMax));
    });
    // A program that doesn't read its input is no fault.
    child.stdin.on("error", () => {});
    child.stdin.end(body);
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
