import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { commandWords } from "../../agents/command-words.js";
import { printable } from "../../agents/printable.js";
import type { Letter } from "../../aws/letter.js";
import { UsageError } from "../command-line.js";
import { CommandError } from "../failure.js";

/** The body that goes back, or why the letter stays where it is. */
export type Edited = { readonly body: string } | { readonly leave: string };

/** Mends a body on its way back. Never rejects. */
export type Editor = (letter: Letter) => Promise<Edited>;

const TIMEOUT_MS = 60_000;
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
    throw new UsageError(`--edit ${given} ${(error as Error).message}`);
  }
  const [file, ...args] = words;
  if (!file) throw new UsageError("--edit names no command and no module");
  if (args.length === 0 && /\.[mc]?js$/.test(file) && existsSync(file)) return ofModule(file);
  return (letter) => runCommand(file, args, letter.message.body);
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
  return async ({ message, reason, originalId }) => {
    const { id, receiveCount, sentAt, groupId } = message;
    const attributes = Object.fromEntries([...message.attributes].map(([name, value]) => [name, value.string]));
    try {
      const made = await edit(message.body, { id, originalId, reason, receiveCount, sentAt, groupId, attributes });
      if (made === undefined || made === null) return { leave: "the editor returned no body" };
      return checked(typeof made === "string" ? made : JSON.stringify(made));
    } catch (error) {
      return { leave: `the editor threw ${printable(String(error), 300)}` };
    }
  };
}

function runCommand(file: string, args: readonly string[], body: string): Promise<Edited> {
  return new Promise((done) => {
    const child = spawn(file, args, { stdio: "pipe" });
    const out: Buffer[] = [];
    let size = 0;
    let errors = "";
    const timer = setTimeout(() => end({ leave: `the editor took longer than ${TIMEOUT_MS / 1000} s` }), TIMEOUT_MS);
    const end = (edited: Edited) => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      done(edited);
    };
    child.on("error", (error) => end({ leave: `the editor can't be run: ${error.message}` }));
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > OUTPUT_MAX) end({ leave: `the editor wrote more than ${OUTPUT_MAX} bytes` });
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

function checked(body: string): Edited {
  return body === "" ? { leave: "the editor made the body empty, and SQS takes none such" } : { body };
}
