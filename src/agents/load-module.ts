import { accessSync, closeSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { described, isError, read, textOf, words } from "../pipeline/ports/thrown.js";
import type { Agent } from "./define-handler.js";
import { commandFor } from "./process/script.js";
import { typescriptAdvice } from "./typescript.js";

/** HANDLER names a module that is no agent; the message says which, why, and what would be one. */
export class AgentLoadError extends Error {
  override readonly name = "AgentLoadError";
}

const HEAD_BYTES = 128;

/** Loading a module may take so long, top-level awaits included. */
export const LOAD_MS = 60_000;

const WANTED = "export default an async function (message, context) or defineHandler({ ... })";

/**
 * Imports a module and returns its default export, checked to be something that can be an agent: a function, or an
 * object with a `handle` function as `defineHandler` makes it.
 * @param path as HANDLER says it: relative to the working directory, absolute, or a file: URL.
 * @param loadMs how long that may take.
 * @throws AgentLoadError when there is no such file, it throws while loading or doesn't end to, or exports no agent.
 */
export async function loadModule(path: string, loadMs = LOAD_MS): Promise<Agent> {
  const file = path.startsWith("file:") ? fileURLToPath(path) : resolve(path);
  const fail = (fact: string, cause?: unknown) =>
    new AgentLoadError(`HANDLER "${path}" ${fact}`, cause === undefined ? undefined : { cause });
  try {
    accessSync(file);
  } catch (error) {
    // A name with a blank that no file has is most often a command line.
    const hint = /\S\s+\S/.test(path) ? `; a program is named by exec:, as in HANDLER="exec:${path.trim()}"` : "";
    throw fail(`can't be read: no such file, or not readable: ${file}${hint}`, error);
  }
  const command = commandFor(path, firstLineOf(file));
  if (command !== undefined) {
    throw fail(`is no JavaScript module; a program is named by exec:, as in HANDLER="exec:${command}"`);
  }
  let module: { default?: unknown };
  try {
    module = await inTime(import(pathToFileURL(file).href), loadMs);
  } catch (error) {
    if (error instanceof NeverLoaded) throw fail(`was not loaded ${error.message}`);
    throw fail(`failed while loading: ${whyOf(error, file)}`, error);
  }
  // A CommonJS module compiled from ESM carries its default export one level down.
  const exported = unwrap(module.default);
  if (exported === undefined) throw fail(`has no default export; ${WANTED}`);
  if (isClass(exported)) throw fail(`exports a class by default, which can't be called; ${WANTED}`);
  if (!isAgent(exported)) throw fail(`exports ${nameOf(exported)} by default, which is no agent; ${WANTED}`);
  return exported;
}

/** What a script says of its interpreter; empty where the file can't be read so. */
function firstLineOf(file: string): string {
  try {
    const descriptor = openSync(file, "r");
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      return head.toString("latin1", 0, readSync(descriptor, head)).split("\n", 1)[0]!;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return "";
  }
}

/** The message continues the sentence "was not loaded ...". */
class NeverLoaded extends Error {}

/** What `loading` brings, unless it takes longer than `ms`, or nothing is left in this process that could bring it. */
async function inTime<T>(loading: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const onIdle = () => late.reject(new NeverLoaded("to its end: a top-level await in it hangs"));
  const timer = setTimeout(() => {
    late.reject(new NeverLoaded(`after ${ms / 1000} s; is there a top-level await that hangs?`));
  }, ms);
  // It must not keep a process that has nothing else to do.
  timer.unref();
  process.once("beforeExit", onIdle);
  try {
    return await Promise.race([loading, late.promise]);
  } finally {
    clearTimeout(timer);
    process.off("beforeExit", onIdle);
  }
}

function unwrap(exported: unknown): unknown {
  const inner = exported as { __esModule?: unknown; default?: unknown } | null | undefined;
  return inner?.__esModule ? inner.default : exported;
}

function isAgent(exported: unknown): exported is Agent {
  if (typeof exported === "function") return true;
  return typeof (exported as { handle?: unknown } | null)?.handle === "function";
}

function isClass(exported: unknown): boolean {
  return typeof exported === "function" && /^class\b/.test(Function.prototype.toString.call(exported));
}

function nameOf(value: unknown): string {
  return inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 40 });
}

/** The error's own words and the first line of its stack outside of Node: where to look. */
function whyOf(error: unknown, file: string): string {
  if (!isError(error)) return `it threw ${textOf(error)}`;
  const { name, message } = described(error);
  const stack = read(error, "stack");
  const place = (typeof stack === "string" ? stack : "")
    .split("\n")
    .find((line) => /^(\s+at .*)?(file:|\/).*:\d+/.test(line) && !line.includes("node:"));
  // Node keeps the place of a syntax error to itself unless it dies of it.
  const where =
    typescriptAdvice(read(error, "code"), message) ??
    place?.trim() ??
    (name === "SyntaxError" ? `see: node --check ${file}` : undefined);
  return `${words(error)}${where ? ` (${where})` : ""}`;
}
