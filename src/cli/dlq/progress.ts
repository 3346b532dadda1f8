import { StatusBlock } from "../../console/status-block.js";

const BAR_WIDTH = 28;
/** In a file or a pipe, where every state is a line. */
const LINE_MS = 5_000;
const REDRAW_MS = 100;

/** How far long work is: a bar in place on a terminal, a line every few seconds elsewhere, nothing where nobody looks. */
export class Progress {
  readonly #block: StatusBlock | undefined;
  readonly #startedAt = performance.now();
  #shownAt: number;

  /** @param quiet true: show nothing, for `--json`. */
  constructor(
    private readonly what: string,
    private total: number,
    quiet: boolean,
  ) {
    this.#block = quiet ? undefined : new StatusBlock(process.stderr);
    // What is over within the first moments needs no line.
    this.#shownAt = this.#block?.isTerminal ? Number.NEGATIVE_INFINITY : this.#startedAt;
  }

  /** @param total if it is known better by now. */
  show(done: number, total = this.total): void {
    this.total = total;
    const now = performance.now();
    if (!this.#block || now - this.#shownAt < (this.#block.isTerminal ? REDRAW_MS : LINE_MS)) return;
    this.#shownAt = now;
    const line = progressLine(this.what, done, Math.max(total, done), (now - this.#startedAt) / 1000);
    if (this.#block.isTerminal) this.#block.show([line]);
    else this.#block.print(line);
  }

  /** Takes the bar off the screen. */
  end(): void {
    this.#block?.show([]);
  }
}

/** `redriving [#######.....................] 25 % · 1234 of about 5000 · 312/s · 12 s left` */
export function progressLine(what: string, done: number, total: number, elapsedSeconds: number): string {
  const share = total === 0 ? 0 : done / total;
  const bar = "#".repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, ".");
  const perSecond = elapsedSeconds > 0 ? done / elapsedSeconds : 0;
  const left = perSecond > 0 ? ` · ${Math.ceil((total - done) / perSecond)} s left` : "";
  return `${what} [${bar}] ${Math.floor(share * 100)} % · ${done} of about ${total} · ${Math.round(perSecond)}/s${left}`;
}
