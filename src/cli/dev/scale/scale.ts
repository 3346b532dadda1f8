import { setTimeout as sleep } from "node:timers/promises";
import { StatusBlock } from "../../../console/status-block.js";
import { printable } from "../../../text/printable.js";
import { parseCommandLine } from "../../command-line.js";
import { ExitCode } from "../../exit-code.js";
import { printHelp } from "../../help.js";
import { printJson } from "../../terminal.js";
import { Keys } from "./keys.js";
import { QUEUE_NAME } from "./queue-stage.js";
import { LINE } from "./scale-line.js";
import { type ScaleOptions, scaleOptionsOf } from "./scale-options.js";
import { ScalePage } from "./scale-page.js";
import { ScaleRun } from "./scale-run.js";
import { scaleLine, scaleLines, scaleSummary } from "./scale-status.js";
import type { ScaleView } from "./scale-view.js";

/** On a terminal often enough to look alive; elsewhere each is a line, of which people want fewer. */
const SHOW_MS = { terminal: 250, elsewhere: 1_000 } as const;
const VIEWS_A_LINE = 3;
/** SIGINT's exit code, where a second one ends all at once. */
const INTERRUPTED = 130;

/** `queuehand dev --scale`. */
export async function scale(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  return new ScaleSession(await scaleOptionsOf(typed)).run();
}

/** One run with what is shown of it, and the ways to end it. */
class ScaleSession {
  readonly #options: ScaleOptions;
  readonly #run: ScaleRun;
  readonly #screen: StatusBlock;
  readonly #end = new AbortController();
  readonly #page: ScalePage | undefined;
  #latest: ScaleView | undefined;
  #views = 0;

  constructor(options: ScaleOptions) {
    this.#options = options;
    this.#run = new ScaleRun(options, (fact) => this.#page?.record(fact));
    if (options.httpPort !== "off") {
      this.#page = new ScalePage({
        port: options.httpPort,
        queueName: QUEUE_NAME,
        slots: options.slots,
        view: () => this.#latest,
        actions: this.#run.actions,
        warn: (text) => this.#run.events.tell(this.#run.second, text),
      });
    }
    this.#screen = new StatusBlock(options.json ? process.stderr : process.stdout);
  }

  async run(): Promise<number> {
    const { json, forSeconds } = this.#options;
    const run = this.#run;
    const keys = new Keys(run.actions, () => this.#end.abort());
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => this.#signalled());
    run.events.listen((event) => {
      if (json) printJson({ kind: "event", ...event });
      else if (!this.#screen.isTerminal) this.#screen.print(printable(`${event.second} s: ${event.text}`));
    });
    try {
      await run.start();
      await this.#servePage();
      if (this.#screen.isTerminal) keys.start();
      const show = setInterval(() => {
        this.#latest = run.view();
        this.#show(this.#latest);
      }, this.#showMs);
      if (forSeconds !== undefined) await sleep(forSeconds * 1000, undefined, this.#end).catch(() => {});
      else await new Promise<void>((resolve) => this.#end.signal.addEventListener("abort", () => resolve()));
      keys.stop();
      await run.stop();
      clearInterval(show);
      return this.#summary(run.view());
    } finally {
      keys.stop();
      await this.#page?.stop();
      run.close();
    }
  }

  async #servePage(): Promise<void> {
    const address = await this.#page?.start();
    if (address) this.#run.events.tell(this.#run.second, `the page is ${address}`);
  }

  get #showMs(): number {
    return this.#screen.isTerminal && !this.#options.json ? SHOW_MS.terminal : SHOW_MS.elsewhere;
  }

  #show(view: ScaleView): void {
    const { events: _, ...state } = view;
    if (this.#options.json) printJson({ kind: "state", ...state });
    else if (this.#screen.isTerminal) this.#screen.show(["", ...scaleLines(view, this.#screen.paint)]);
    else if (this.#views++ % VIEWS_A_LINE === 0) this.#screen.print(scaleLine(view));
  }

  #summary(view: ScaleView): number {
    const good = view.equation.holds && view.equation.missing === 0 && view.overlaps === 0;
    const { events: _, ...state } = view;
    const troubles = [...this.#run.events.troubles].map(([text, times]) => ({ text, times }));
    this.#screen.show([]);
    if (this.#options.json) printJson({ kind: "summary", ok: good, ...state, troubles });
    else this.#screen.print(scaleSummary(view));
    return good ? ExitCode.ok : ExitCode.failed;
  }

  #signalled(): void {
    if (!this.#end.signal.aborted) return this.#end.abort();
    this.#run.close();
    process.exit(INTERRUPTED);
  }
}
