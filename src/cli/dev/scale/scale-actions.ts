import { Random } from "../../../scaling/random.js";
import { UsageError } from "../../command-line.js";
import { shapedLoad } from "../../simulate/load-source.js";
import type { ActionName } from "./action-names.js";
import type { LoadPump } from "./load-pump.js";
import type { ProcessFleet } from "./process-fleet.js";
import { checkRates, type ScaleOptions } from "./scale-options.js";
import type { WorkerTask } from "./worker-task.js";

/** What an action is done to, and how; what is left out is chosen. */
export interface ActionTarget {
  /** A task by its number; the oldest that runs. */
  readonly task?: number;
  /** Seconds of the fleet's clock for which a task is frozen or cut. */
  readonly seconds?: number;
  /** Share of messages that are poisoned from now on, 0..1. */
  readonly share?: number;
}

export interface ScaleActionsParts {
  readonly fleet: () => ProcessFleet;
  readonly pump: LoadPump;
  /** Since the load began. */
  readonly second: () => number;
  readonly tell: (text: string) => void;
  readonly options: ScaleOptions;
}

const POISON_SHARE = 0.1;
/** A freeze or a cut lasts longer than a lease, unless told otherwise. */
const BEYOND_LEASE = 1.5;

/** Everything that one may do to the fleet and its load while it runs. Each throws a UsageError for what makes no sense. */
export class ScaleActions {
  readonly #parts: ScaleActionsParts;
  readonly #random = new Random(3);
  readonly #timers: NodeJS.Timeout[] = [];
  /** Share of messages whose agents fail, 0..1. */
  poison = 0;

  constructor(parts: ScaleActionsParts) {
    this.#parts = parts;
  }

  /** Takes the actions that were planned, each at its second of the machine's clock from now on. */
  plan(): void {
    for (const { action, second } of this.#parts.options.planned) {
      this.#timers.push(setTimeout(() => this.tryTo(action), second * 1000));
    }
  }

  /** `act`, where nobody waits for an answer: what can't be done is told. */
  tryTo(action: ActionName): void {
    try {
      this.act(action);
    } catch (error) {
      this.#parts.tell(`${action}: ${(error as Error).message}`);
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  act(action: ActionName, target: ActionTarget = {}): void {
    switch (action) {
      case "kill":
        return this.#kill(target);
      case "freeze":
        return this.#freeze(target);
      case "cut":
        return this.#cut(target);
      case "poison":
        return this.#poison(target.share ?? (this.poison > 0 ? 0 : POISON_SHARE));
      case "deploy": {
        const { fleet, tell } = this.#parts;
        return tell(`version ${fleet().service.deploy()} is to be deployed`);
      }
    }
  }

  /** Another load from now on: a shape as `--load` takes it. */
  load(text: string): void {
    const { pump, second, tell, options } = this.#parts;
    const load = shapedLoad(text, options.loadTimes);
    checkRates(load);
    pump.change(load, second());
    tell(`the load is ${text} from now on`);
  }

  /** So many times the load's rate from now on; its shape goes on. */
  scaleLoad(factor: number): void {
    const { pump, tell } = this.#parts;
    pump.factor *= factor;
    tell(`the load is ${pump.name}`);
  }

  /** What the body of the next message says of it. */
  poisoned(): { readonly poison?: true } {
    return this.poison > 0 && this.#random.uniform() < this.poison ? { poison: true } : {};
  }

  #kill({ task: id }: ActionTarget): void {
    const task = this.#task(id);
    this.#parts.tell(`task ${task.id} is killed (SIGKILL)`);
    task.kill();
  }

  #freeze({ task: id, seconds = this.#beyondLease }: ActionTarget): void {
    const task = this.#task(id);
    this.#parts.tell(`task ${task.id} is frozen for ${seconds} s (SIGSTOP)`);
    this.#parts.fleet().freeze(task, seconds);
  }

  #cut({ task: id, seconds = this.#beyondLease }: ActionTarget): void {
    const task = this.#task(id);
    this.#parts.tell(`the network of task ${task.id} is cut for ${seconds} s`);
    this.#parts.fleet().cut(task, seconds);
  }

  #poison(share: number): void {
    if (!(share >= 0 && share <= 1)) throw new UsageError(`a share must be between 0 and 1, got ${share}`);
    this.poison = share;
    this.#parts.tell(share === 0 ? "no more messages are poisoned" : `${share * 100} % of messages are poisoned`);
  }

  get #beyondLease(): number {
    return this.#parts.options.visibilitySeconds * BEYOND_LEASE;
  }

  #task(id: number | undefined): WorkerTask {
    const task = this.#parts.fleet().find(id);
    if (task) return task;
    throw new UsageError(id === undefined ? "there is no running task" : `there is no task ${id}`);
  }
}
