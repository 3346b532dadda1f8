import { Console } from "../../../console/console.js";
import { RequestFault } from "../../../console/gate.js";
import { HealthServer } from "../../../console/health-server.js";
import { WorkerSource } from "../../../console/worker-source.js";
import { Counters } from "../../../observe/counters.js";
import { systemClock } from "../../../pipeline/ports/clock.js";
import type { WorkerStatus } from "../../../pipeline/ports/status.js";
import { type Fact, fanOut } from "../../../pipeline/ports/telemetry.js";
import { freePort } from "../free-port.js";
import { ACTIONS } from "./action-names.js";
import type { ActionTarget, ScaleActions } from "./scale-actions.js";
import type { ScaleView } from "./scale-view.js";

export interface ScalePageParts {
  /** Undefined = the first free one from 8080 on, 0 = any free one. */
  readonly port: number | undefined;
  readonly queueName: string;
  readonly slots: number;
  /** Undefined before the fleet is there. */
  readonly view: () => ScaleView | undefined;
  readonly actions: ScaleActions;
  readonly warn: (text: string) => void;
}

const HOST = "127.0.0.1";
const PORT_FIRST = 8080;

/** The page of `dev --scale`: that of a worker, filled with what all tasks do, and the section "Scale" with its actions. */
export class ScalePage {
  /** Where facts go, as those of one worker. */
  readonly record: (fact: Fact) => void;
  readonly #parts: ScalePageParts;
  readonly #console: Console;
  #server: HealthServer | undefined;
  readonly #counters = new Counters(systemClock);

  constructor(parts: ScalePageParts) {
    const { queueName, view } = parts;
    this.#parts = parts;
    const counts = async () => {
      const { visible = 0, inFlight = 0, delayed = 0, dead = 0 } = view()?.queue ?? {};
      return { waiting: visible, inFlight, delayed, deadLetters: dead };
    };
    const source = new WorkerSource({
      queueName,
      status: () => this.#status(),
      counters: this.#counters,
      notReady: () => [],
      tasks: () => view()?.tasks.running ?? 0,
      counts: { ask: counts, onlyWhileWatched: false },
      clock: systemClock,
    });
    this.record = fanOut([(fact) => this.#counters.record(fact), source.record]);
    this.#console = new Console({
      host: HOST,
      source,
      actions: "free",
      extra: { name: "scale", title: "Scale", data: () => view() ?? {}, actions: this.#actions() },
      clock: systemClock,
    });
  }

  /** Listens on loopback. Resolves with the page's address, or undefined where the port can't be had. */
  async start(): Promise<string | undefined> {
    const { port = await freePort(PORT_FIRST, HOST), warn } = this.#parts;
    this.#server = new HealthServer({
      host: HOST,
      port,
      status: () => this.#status(),
      clock: systemClock,
      pulse: this.#counters,
      telemetry: (fact) => fact.kind === "warning" && warn(fact.text),
      metrics: async () => "",
      routes: this.#console.routes,
    });
    const address = await this.#server.start();
    this.#console.start();
    return address && `http://${address.host}:${address.port}/`;
  }

  async stop(): Promise<void> {
    this.#console.stop();
    await this.#server?.stop();
  }

  #actions(): Record<string, (given: unknown) => Promise<object>> {
    const { actions } = this.#parts;
    const acts = ACTIONS.map((name) => {
      const act = told(name, (given) => actions.act(name, targetOf(given)));
      return [name, act] as const;
    });
    const load = told("load", (given) => {
      const { load } = (given ?? {}) as { readonly load?: unknown };
      if (typeof load !== "string") throw new TypeError('a load is a text, as in {"load":"constant:300"}');
      actions.load(load);
    });
    return { ...Object.fromEntries(acts), load };
  }

  #status(): WorkerStatus {
    const { slots, view } = this.#parts;
    const { running = 0, draining = 0, list = [] } = view()?.tasks ?? {};
    return {
      state: running > 0 ? "running" : draining > 0 ? "draining" : "starting",
      slots: slots * running,
      busy: list.reduce((sum, { busy }) => sum + busy, 0),
      buffered: 0,
      openPolls: running,
      settling: 0,
      meanAgentSeconds: 0,
      lastReceiveOkAt: systemClock.monotonic(),
    };
  }
}

/** An action as the page asks for it: what makes no sense is told to who asked. */
function told(name: string, act: (given: unknown) => void): (given: unknown) => Promise<object> {
  return async (given) => {
    try {
      act(given);
      return { done: name };
    } catch (error) {
      throw new RequestFault(400, (error as Error).message);
    }
  };
}

/** @throws TypeError naming the part that is no number. */
function targetOf(given: unknown): ActionTarget {
  const target: Record<string, number> = {};
  for (const [name, value] of Object.entries((given ?? {}) as Record<string, unknown>)) {
    if (!["task", "seconds", "share"].includes(name))
      throw new TypeError(`an action takes task, seconds and share, got ${name}`);
    if (typeof value !== "number" || !(value >= 0)) throw new TypeError(`${name} must be a number not below 0`);
    target[name] = value;
  }
  return target;
}
