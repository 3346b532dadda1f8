import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Letter } from "../../aws/sqs/letter.js";
import type { Edited } from "../../letters/edited.js";
import { textOf, words } from "../../pipeline/ports/thrown.js";
import { printable } from "../../text/printable.js";
import { CommandError } from "../failure.js";
import type { EditorGuard } from "./editor-guard.js";

/** Longest text of an editor's that is told, in characters. */
const FAULT_MAX = 300;

/**
 * An editor's module in this process: its default export takes a body and returns one, as text or as anything that JSON
 * can say; without one the letter stays. The returned function never rejects.
 * @throws CommandError when the module can't be loaded.
 */
export async function moduleEditor(file: string, guard: EditorGuard): Promise<(letter: Letter) => Promise<Edited>> {
  let exported: unknown;
  try {
    const { href } = pathToFileURL(resolve(file));
    exported = (await guard.run(undefined, () => import(href) as Promise<{ default?: unknown }>)).default;
  } catch (error) {
    throw new CommandError(`--edit ${file} can't be loaded: ${told(error)}`);
  }
  if (typeof exported !== "function") {
    throw new CommandError(`--edit ${file} must export default (body, message) => body, a function`);
  }
  const edit = exported as (body: string, message: object) => unknown;
  return async (letter) => {
    const { message, reason, originalId } = letter;
    const { id, receiveCount, sentAt, groupId } = message;
    const attributes = Object.fromEntries([...message.attributes].map(([name, value]) => [name, value.string]));
    const given = { id, originalId, reason, receiveCount, sentAt, groupId, attributes };
    try {
      return await guard.run(id, async () => bodyOf(await edit(message.body, given)));
    } catch (error) {
      return { leave: `the editor threw ${told(error)}` };
    }
  };
}

function bodyOf(made: unknown): Edited {
  if (made === undefined || made === null) return { leave: "the editor returned no body" };
  if (typeof made === "string") return { body: made };
  try {
    const body: unknown = JSON.stringify(made);
    if (typeof body === "string") return { body };
    return { leave: `the editor returned what JSON can't say: ${printable(textOf(made), FAULT_MAX)}` };
  } catch (error) {
    return { leave: `the editor returned what JSON can't say: ${told(error)}` };
  }
}

const told = (error: unknown) => printable(words(error), FAULT_MAX);
