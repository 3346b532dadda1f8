import { settle } from "../fake-clock.js";

/** The way by which something from outside reaches a process. */
export type Way = "timer" | "answer";

interface Held {
  readonly way: Way;
  readonly callback: () => void;
}

/**
 * The one door into a simulated process: its timers and the answers to its calls come through it. Open, each is handed
 * on at once; frozen (SIGSTOP), they are kept until it thaws; dead (SIGKILL), nothing of the process ever runs again.
 */
export class Gate {
  #state: "open" | "frozen" | "dead" = "open";
  #held: Held[] = [];

  get frozen(): boolean {
    return this.#state === "frozen";
  }

  get dead(): boolean {
    return this.#state === "dead";
  }

  pass(way: Way, callback: () => void): void {
    if (this.#state === "open") callback();
    else if (this.#state === "frozen") this.#held.push({ way, callback });
  }

  freeze(): void {
    if (this.#state === "open") this.#state = "frozen";
  }

  /** Lets in all that came meanwhile, those of one way first: an event loop may look at either before the other. */
  async thaw(first: Way): Promise<void> {
    if (this.#state !== "frozen") return;
    this.#state = "open";
    const held = this.#held.splice(0);
    for (const { callback } of [
      ...held.filter(({ way }) => way === first),
      ...held.filter(({ way }) => way !== first),
    ]) {
      this.pass(first, callback);
      await settle();
    }
  }

  kill(): void {
    this.#state = "dead";
    this.#held = [];
  }
}
