import { request } from "node:http";
import type { QueueCounts } from "../../src/console/api.js";
import { Console, type ConsoleParts } from "../../src/console/console.js";
import { HealthServer } from "../../src/console/health-server.js";
import { WorkerSource, type WorkerSourceParts } from "../../src/console/worker-source.js";
import { Counters } from "../../src/observe/counters.js";
import type { WorkerStatus } from "../../src/pipeline/ports/status.js";
import { type Fact, fanOut } from "../../src/pipeline/ports/telemetry.js";
import { FakeClock } from "./fake-clock.js";

export const STATUS: WorkerStatus = {
  state: "running",
  slots: 4,
  busy: 3,
  buffered: 2,
  openPolls: 1,
  settling: 0,
  meanAgentSeconds: 2,
  lastReceiveOkAt: 5,
};

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: unknown;
  readonly headers: NodeJS.Dict<string | string[]>;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ConsoleOptions
  extends Partial<WorkerSourceParts>,
    Partial<Pick<ConsoleParts, "actions" | "bodies" | "extra">> {
  readonly ask?: () => Promise<QueueCounts>;
  readonly onlyWhileWatched?: boolean;
  readonly host?: string;
}

/** One message's life, as the pipeline tells it. */
export interface Life {
  readonly id: string;
  readonly receive?: number;
  readonly group?: string;
  readonly body?: string;
  readonly inQueueMs?: number;
  readonly bufferedMs?: number;
  readonly agentMs?: number;
  readonly outcome?: Extract<Fact, { kind: "settled" }>["outcome"];
  readonly cause?: unknown;
}

/** A console over counters on a clock that moves when told, on an HTTP server of its own. */
export class ConsoleBundle {
  readonly clock = new FakeClock();
  readonly counters = new Counters(this.clock);
  readonly source: WorkerSource;
  readonly console: Console;
  readonly tell: (fact: Fact) => void;
  #server: HealthServer | undefined;

  constructor({ ask, onlyWhileWatched = false, host = "127.0.0.1", ...options }: ConsoleOptions = {}) {
    const { clock, counters } = this;
    this.source = new WorkerSource({
      queueName: "tasks",
      status: () => STATUS,
      counters,
      notReady: () => [],
      tasks: () => 1,
      counts: ask && { ask, onlyWhileWatched },
      clock,
      ...options,
    });
    const { actions = "no", bodies = false, extra } = options;
    this.console = new Console({ host, source: this.source, actions, bodies, extra, clock });
    this.tell = fanOut([counters.record, this.source.record]);
  }

  /** Tells a message's start and, some time later, its end. */
  async live(life: Life): Promise<void> {
    const delivery = this.start(life);
    const { agentMs = 20, outcome = "done", cause } = life;
    await this.clock.advance(agentMs);
    this.tell({ kind: "ended", delivery, outcome, agentMs });
    this.tell({ kind: "settled", delivery, outcome, agentMs, certain: true, ...(cause !== undefined && { cause }) });
  }

  start({ id, receive = 1, group, body, inQueueMs = 5, bufferedMs = 0 }: Life) {
    const delivery = {
      messageId: id,
      receiveCount: receive,
      ...(group !== undefined && { groupId: group }),
      ...(body !== undefined && { body }),
    };
    this.tell({ kind: "started", delivery, inQueueMs, bufferedMs });
    return delivery;
  }

  /** Asks the console over HTTP; not by fetch, which sends no Host but its own. */
  async ask(path: string, { method = "GET", headers = {}, body }: Asking = {}): Promise<Answer> {
    const port = await this.#port();
    return new Promise<Answer>((resolve, reject) => {
      request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode!, text, json: jsonOf(text), headers: response.headers }),
        );
      })
        .on("error", reject)
        .end(body);
    });
  }

  post(path: string, given: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const all = { "content-type": "application/json", ...headers };
    return this.ask(path, { method: "POST", headers: all, body: JSON.stringify(given) });
  }

  /** The address that it is served at. */
  async url(): Promise<string> {
    return `http://127.0.0.1:${await this.#port()}`;
  }

  async stop(): Promise<void> {
    this.console.stop();
    await this.#server?.stop();
  }

  async #port(): Promise<number> {
    if (this.#server) return this.#served!;
    this.#server = new HealthServer({
      host: "127.0.0.1",
      port: 0,
      status: () => STATUS,
      pulse: this.counters,
      metrics: async () => "",
      clock: this.clock,
      telemetry: () => {},
      routes: this.console.routes,
    });
    const address = await this.#server.start();
    this.#served = address!.port;
    return this.#served;
  }

  #served: number | undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
