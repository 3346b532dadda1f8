import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { commandWords } from "../../agents/process/command-words.js";
import type { Letter } from "../../aws/sqs/letter.js";
import { maskedValue } from "../../text/masked.js";
import { printable } from "../../text/printable.js";
import { UsageError } from "../command-line.js";
import { CommandError } from "../failure.js";

/** The body that goes back, or why the letter stays where it is. */
export type Edited = { readonly body: string } | { readonly leave: string };

/** Mends a body on its way back; leaves the letter where it is when `stop` aborts. Never rejects. */
export type Editor = (letter: Letter, stop: AbortSignal) => Promise<Edited>;

const TIMEOUT_MS = 60_000;
const TOO_LONG: Edited = { leave: `the editor took longer than ${TIMEOUT_MS / 1000} s` };
const INTERRUPTED: Edited = { leave: "interrupted while it was edited" };
/** SQS takes no more in a message. */
const OUTPUT_MAX = 1_048_576;

/**
 * The editor that `--edit` names: a JavaScript module whose default export takes a body and returns one (or nothing: the
 * letter stays), or a command that gets the body on stdin and writes one to stdout. No shell sees the command.
 * @throws UsageError, or CommandError when the module can't be loaded.
 */
export async function editorOf(given: string): Promise<Editor> {
  let words: string[];
  try {
    words = commandWords(given);
  } catch (error) {
    throw new UsageError(`--edit ${maskedValue(given)} ${(error as Error).message}`);
  }
  const [file, ...args] = words;
  if (!file) throw new UsageError("--edit names no command and no module");
  if (args.length === 0 && /\.[mc]?js$/.test(file) && existsSync(file)) return ofModule(file);
  return (letter, stop) => runCommand(file, args, letter.message.body, stop);
}

async function ofModule(file: string): Promise<Editor> {
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(resolve(file)).href)) as { default?: unknown }).default;
  } catch (error) {
    throw new CommandError(`--edit ${file} can't be loaded: ${(error as Error).message}`);
  }
  if (typeof exported !== "function") {
    throw new CommandError(`--edit ${file} must export default (body, message) => body, a function`);
  }
  const edit = exported as (body: string, message: object) => unknown;
  const made = async ({ message, reason, originalId }: Letter): Promise<Edited> => {
    const { id, receiveCount, sentAt, groupId } = message;
    const attributes = Object.fromEntries([...message.attributes].map(([name, value]) => [name, value.string]));
    try {
      const body = await edit(message.body, { id, originalId, reason, receiveCount, sentAt, groupId, attributes });
      if (body === undefined || body === null) return { leave: "the editor returned no body" };
      return checked(typeof body === "string" ? body : JSON.stringify(body));
    } catch (error) {
      return { leave: `the editor threw ${printable(String(error), 300)}` };
    }
  };
  return (letter, stop) =>
    new Promise((done) => {
      const interrupted = () => end(INTERRUPTED);
      const timer = setTimeout(() => end(TOO_LONG), TIMEOUT_MS);
      const end = (edited: Edited) => {
        clearTimeout(timer);
        stop.removeEventListener("abort", interrupted);
        done(edited);
      };
      stop.addEventListener("abort", interrupted, { once: true });
      void made(letter).then(end);
    });
}

function runCommand(file: string, args: readonly string[], body: string, stop: AbortSignal): Promise<Edited> {
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
      if (size > OUTPUT_MAX) cut({ leave: `the editor wrote more than ${OUTPUT_MAX} bytes` });
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
      end(checked(made.endsWith("\n") && !body.endsWith("\n") ? made.slice(0, -1) : made));
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

function checked(body: string): Edited {
  return body === "" ? { leave: "the editor made the body empty, and SQS takes none such" } : { body };
}
