import type { ActionName } from "./action-names.js";
import type { ScaleActions } from "./scale-actions.js";

const ACTION_KEYS: Readonly<Record<string, ActionName>> = {
  k: "kill",
  f: "freeze",
  c: "cut",
  p: "poison",
  d: "deploy",
};

const CTRL_C = "\u0003";

/** What is typed on a terminal, key by key. */
export class Keys {
  readonly #onData = (text: string) => {
    for (const key of text) this.#pressed(key);
  };

  constructor(
    private readonly actions: ScaleActions,
    private readonly quit: () => void,
    private readonly input: NodeJS.ReadStream = process.stdin,
  ) {}

  start(): void {
    if (!this.input.isTTY) return;
    this.input.setRawMode(true).setEncoding("utf8").resume().on("data", this.#onData);
  }

  /** Gives the terminal back; harmless twice and before `start`. */
  stop(): void {
    if (!this.input.isTTY) return;
    this.input.off("data", this.#onData).pause().setRawMode(false);
  }

  #pressed(key: string): void {
    const action = ACTION_KEYS[key];
    if (action) return this.actions.tryTo(action);
    if (key === "+") return this.actions.scaleLoad(1.25);
    if (key === "-") return this.actions.scaleLoad(0.8);
    if (key === "q" || key === CTRL_C) this.quit();
  }
}
