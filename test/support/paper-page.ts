import { createContext, Script } from "node:vm";

/** Where markup could get in; a page that only writes text never touches them. */
const MARKUP = ["innerHTML", "outerHTML", "insertAdjacentHTML", "srcdoc", "onerror", "onclick"] as const;

/** As much of an element as the console's script uses; it throws where markup could get in. */
export class PaperElement {
  readonly children: (PaperElement | string)[] = [];
  readonly attributes: Record<string, string> = {};
  readonly dataset: Record<string, string> = {};
  readonly style: Record<string, string> = {};
  readonly #classes = new Set<string>();
  parent: PaperElement | undefined;
  className = "";
  hidden = false;
  title = "";
  dateTime = "";
  readonly classList = {
    add: (name: string) => void this.#classes.add(name),
    remove: (name: string) => void this.#classes.delete(name),
    contains: (name: string) => this.#classes.has(name),
    toggle: (name: string, on: boolean) => void (on ? this.#classes.add(name) : this.#classes.delete(name)),
  };

  constructor(readonly name: string) {
    for (const way of MARKUP) {
      const refuse = () => {
        throw new Error(`${way} was used`);
      };
      Object.defineProperty(this, way, { get: refuse, set: refuse });
    }
  }

  get childElementCount(): number {
    return this.children.length;
  }
  get firstChild() {
    return this.children[0];
  }
  get lastChild() {
    return this.children.at(-1);
  }
  get textContent(): string {
    return this.children.map((child) => (typeof child === "string" ? child : child.textContent)).join("");
  }
  set textContent(text: string) {
    this.replaceChildren(text);
  }
  setAttribute(name: string, value: string): void {
    this.attributes[name] = value;
  }
  append(...parts: (PaperElement | string)[]): void {
    this.children.push(...parts.map((part) => this.#adopted(part)));
  }
  prepend(...parts: (PaperElement | string)[]): void {
    this.children.unshift(...parts.map((part) => this.#adopted(part)));
  }
  replaceChildren(...parts: (PaperElement | string)[]): void {
    this.children.length = 0;
    this.append(...parts);
  }
  remove(): void {
    const siblings = this.parent?.children ?? [];
    if (siblings.includes(this)) siblings.splice(siblings.indexOf(this), 1);
  }

  #adopted(part: PaperElement | string): PaperElement | string {
    if (typeof part === "string") return part;
    part.parent = this;
    return part;
  }
}

/**
 * Runs a page's script on paper: `answer` is what its requests get. Elements that it looks for are made when it first
 * does, by selector; `next` runs what it had put off.
 */
export function paperPage(script: string, answer: () => Promise<unknown>) {
  const found = new Map<string, PaperElement>();
  const make = (name: string) => new PaperElement(name);
  const body = make("body");
  const timers: (() => Promise<void>)[] = [];
  const document = {
    title: "",
    hidden: false,
    body,
    createElement: make,
    createElementNS: (_: string, name: string) => make(name),
    querySelector: (selector: string) => {
      if (!found.has(selector)) found.set(selector, make(selector));
      return found.get(selector)!;
    },
  };
  const asked: string[] = [];
  const errors: unknown[] = [];
  const context = createContext({
    document,
    console: { error: (error: unknown) => errors.push(error) },
    AbortSignal,
    setTimeout: (callback: () => Promise<void>) => timers.push(callback),
    fetch: async (path: string) => {
      asked.push(path);
      const data = await answer();
      return { ok: true, json: async () => data };
    },
  });
  const first: Promise<void> = new Script(script).runInContext(context);
  return {
    document,
    asked,
    errors,
    /** Every selector that the script looked for. */
    selectors: () => [...found.keys()],
    find: document.querySelector,
    first,
    next: async () => {
      await timers.shift()?.();
    },
  };
}
