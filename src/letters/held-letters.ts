import type { Letter } from "../aws/sqs/letter.js";

/** The letters that a pass has hidden and not yet shown again, and for how long they are hidden at most. */
export class HeldLetters {
  /** Longest that one stays hidden of which nobody hears any more. */
  hideSeconds = 0;
  readonly #handles = new Map<string, string>();

  get count(): number {
    return this.#handles.size;
  }

  get handles(): readonly string[] {
    return [...this.#handles.values()];
  }

  hold(letters: readonly Letter[]): void {
    for (const { message } of letters) this.#handles.set(message.id, message.handle);
  }

  /** Forgets letters that are gone. */
  drop(ids: readonly string[]): void {
    for (const id of ids) this.#handles.delete(id);
  }

  /** Forgets letters that are visible again. */
  shown(handles: readonly string[]): void {
    const shown = new Set(handles);
    for (const [id, handle] of this.#handles) if (shown.has(handle)) this.#handles.delete(id);
  }
}
