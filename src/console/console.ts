import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock, Timer } from "../pipeline/ports/clock.js";
import { printableJson } from "../text/printable.js";
import { type Route, respond } from "./answer.js";
import type { Opening, Permissions, Tick } from "./api.js";
import { assetAnswer } from "./assets.js";
import { eventText, Feed } from "./feed.js";
import { type Actions, Gate, RequestFault } from "./gate.js";
import { letterRoutes } from "./letter-routes.js";
import { messageFilter } from "./message-query.js";
import type { ConsoleExtra, PageSource } from "./page-source.js";
import { SharedAnswers } from "./shared-answers.js";

export interface ConsoleParts {
  /** HTTP_HOST: besides addresses and localhost, the only name by which the console may be asked for. */
  readonly host: string;
  readonly source: PageSource;
  readonly actions: Actions;
  /** Whether bodies of dead letters are shown to whoever may look; who may act sees them in any case. */
  readonly bodies?: boolean;
  readonly extra?: ConsoleExtra | undefined;
  readonly clock: Clock;
}

const SAMPLE_MS = 1_000;

/** The local web page: `/` is the page, `/api` the JSON that feeds it (`api.ts`), made once for all who look. */
export class Console {
  readonly #parts: ConsoleParts;
  readonly #gate: Gate;
  readonly #feed = new Feed();
  readonly #answers = new SharedAnswers();
  #newestEvent = 0;
  #timer: Timer;

  constructor(parts: ConsoleParts) {
    this.#parts = parts;
    this.#gate = new Gate(parts.host, parts.actions);
  }

  /** The console's paths, to be mounted on the HTTP server. */
  get routes(): Readonly<Record<string, Route>> {
    const { source, extra, bodies = false } = this.#parts;
    const gate = this.#gate;
    const { deadLetters } = source;
    return {
      "/": gate.reading(async (response) => {
        // Loaded when somebody comes to look.
        const { PAGE, PAGE_HEADERS } = await import("./page.js");
        response.writeHead(200, PAGE_HEADERS).end(PAGE);
      }),
      "/page.js": gate.reading(assetAnswer("page.js")),
      "/page.css": gate.reading(assetAnswer("page.css")),
      "/api/now": this.#shared("now", () => this.#opening()),
      "/api/events": gate.reading((response) => {
        source.watched();
        this.#feed.open(response);
        if (response.req.method === "HEAD") response.end();
      }),
      "/api/history": gate.reading((response, request) => {
        const range = queryOf(request).get("range") ?? "hour";
        if (range === "hour" || range === "day") {
          return this.#answers.answer(`history ${range}`, request, response, () => source.history(range));
        }
        respond(response, 400, { error: `range must be hour or day, got "${range}"` });
      }),
      "/api/errors": this.#shared("errors", () => source.errors()),
      "/api/messages": gate.reading((response, request) => this.#messages(response, request)),
      "/api/messages/*": gate.reading((response, request) => this.#message(response, request)),
      ...(deadLetters && letterRoutes(gate, deadLetters, bodies)),
      ...(extra && this.#extraRoutes(extra)),
    };
  }

  /** Begins to sample, once a second. Harmless twice. */
  start(): void {
    if (this.#timer === undefined) this.#tick();
  }

  /** Harmless twice and before `start`. */
  stop(): void {
    this.#parts.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#feed.close();
  }

  #tick(): void {
    const { source, clock } = this.#parts;
    if (this.#feed.viewers > 0) source.watched();
    source.tick();
    this.#answers.forget();
    if (this.#feed.viewers > 0) this.#feed.send(this.#events());
    else this.#newestEvent = 0;
    this.#timer = clock.setTimer(() => this.#tick(), SAMPLE_MS);
  }

  #events(): string {
    const { source, extra } = this.#parts;
    const now = source.now(this.#newestEvent);
    this.#newestEvent = now.events.at(-1)?.number ?? this.#newestEvent;
    const tick: Tick = { now, step: source.step() };
    const told = extra ? eventText(extra.name, printableJson(JSON.stringify(extra.data()))) : "";
    return eventText("tick", printableJson(JSON.stringify(tick))) + told;
  }

  #opening(): Opening {
    const { source, extra } = this.#parts;
    const may: Permissions = { look: source.deadLetters !== undefined, act: this.#gate.act };
    return { ...source.now(0), may, ...(extra && { extra: { name: extra.name, title: extra.title } }) };
  }

  #shared(question: string, make: () => object | Promise<object>): Route {
    return this.#gate.reading((response, request) => {
      this.#parts.source.watched();
      return this.#answers.answer(question, request, response, make);
    });
  }

  #messages(response: ServerResponse, request: IncomingMessage): void | Promise<void> {
    const query = queryOf(request);
    try {
      const filter = messageFilter(query);
      const make = () => this.#parts.source.messages(filter);
      return this.#answers.answer(`messages ${JSON.stringify(filter)}`, request, response, make);
    } catch (error) {
      if (!(error instanceof RequestFault)) throw error;
      respond(response, error.status, { error: error.message });
    }
  }

  async #message(response: ServerResponse, request: IncomingMessage): Promise<void> {
    const path = (request.url ?? "").split("?", 1)[0]!;
    const id = decoded(path.slice(path.lastIndexOf("/") + 1));
    const found = await this.#parts.source.message(id);
    if (found) respond(response, 200, found);
    else respond(response, 404, { error: "no such message is among those in hand and the last thousand" });
  }

  #extraRoutes(extra: ConsoleExtra): Record<string, Route> {
    const path = `/api/${extra.name}`;
    return {
      [path]: this.#shared(extra.name, () => extra.data()),
      [`${path}/*`]: this.#gate.doing(true, async (given, request) => {
        const name = (request.url ?? "").split("?", 1)[0]!.slice(path.length + 1);
        const action = Object.hasOwn(extra.actions ?? {}, name) ? extra.actions![name] : undefined;
        if (!action) throw new RequestFault(404, `there is no action "${decoded(name)}"`);
        return action(given);
      }),
    };
  }
}

function queryOf(request: IncomingMessage): URLSearchParams {
  return new URLSearchParams((request.url ?? "").split("?")[1] ?? "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
