import type { Order } from "./control-loop.js";
import type { ScaleEvent } from "./scale-view.js";
import type { ServiceEvent } from "./service.js";

const KEPT = 200;

/** What happened, in words; the latest are kept, and whoever listens hears each. */
export class EventLines {
  readonly #kept: ScaleEvent[] = [];
  #listener: (event: ScaleEvent) => void = () => {};
  /** Troubles that workers told, by their text. */
  readonly troubles = new Map<string, number>();

  listen(listener: (event: ScaleEvent) => void): void {
    this.#listener = listener;
  }

  get latest(): readonly ScaleEvent[] {
    return this.#kept;
  }

  tell(second: number, text: string): void {
    const event = { second: Math.round(second), text };
    this.#kept.push(event);
    if (this.#kept.length > KEPT) this.#kept.shift();
    this.#listener(event);
  }

  order({ second, fromTasks, toTasks, policy, reason }: Order): void {
    this.tell(second, `${policy} orders ${fromTasks} → ${toTasks} tasks: ${reason}`);
  }

  service(second: number, event: ServiceEvent): void {
    if (event.kind === "deployed") return this.tell(second, `version ${event.version} is deployed`);
    const { id, version } = event.task;
    this.tell(second, `task ${id} (version ${version}) ${WORDS[event.kind]}`);
  }

  /** What a worker warned of: told when it is new, counted when it comes again. */
  trouble(second: number, task: number, text: string): void {
    const times = this.troubles.get(text) ?? 0;
    if (times === 0) this.tell(second, `task ${task}: ${text}`);
    if (times > 0 || this.troubles.size < KEPT) this.troubles.set(text, times + 1);
  }
}

const WORDS = {
  launched: "is launched",
  running: "runs",
  stopping: "is told to stop (SIGTERM)",
  ended: "has drained and ended",
  killed: "is killed: its stop timeout is over",
  died: "died",
} as const;
