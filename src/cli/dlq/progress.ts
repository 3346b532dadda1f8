import { type Screen, StatusBlock } from "../../console/status-block.js";
import { type Clock, systemClock } from "../../pipeline/ports/clock.js";

const BAR_WIDTH = 28;
/** In a file or a pipe, where every state is a line: seldom enough for the log of a long run. */
const LINE_MS = 10_000;
const REDRAW_MS = 100;

/** How far long work is: a bar in place on a terminal, a line every few seconds elsewhere, nothing where nobody looks. */
export class Progress {
  readonly #block: StatusBlock | undefined;
  readonly #startedAt: number;
  #shownAt: number;

  /** @param quiet true: show nothing, for `--json`. */
  constructor(
    private readonly what: string,
    private total: number,
    quiet: boolean,
    screen: Screen = process.stderr,
    private readonly clock: Clock = systemClock,
  ) {
    this.#startedAt = clock.monotonic();
    this.#block = quiet ? undefined : new StatusBlock(screen);
    // What is over within the first moments needs no line.
    this.#shownAt = this.#block?.isTerminal ? Number.NEGATIVE_INFINITY : this.#startedAt;
  }

  /** @param total if it is known better by now. */
  show(done: number, total = this.total): void {
    this.total = total;
    const now = this.clock.monotonic();
    if (!this.#block || now - this.#shownAt < (this.#block.isTerminal ? REDRAW_MS : LINE_MS)) return;
    this.#shownAt = now;
    const line = progressLine(done, Math.max(total, done), (now - this.#startedAt) / 1000);
    if (this.#block.isTerminal) this.#block.show([`${this.what} ${progressBar(done, total)} ${line}`]);
    else this.#block.print(`${this.what}: ${line}`);
  }

  /** Takes the bar off the screen. */
  end(): void {
    this.#block?.show([]);
  }
}

/** `[#######.....................]` */
function progressBar(done: number, total: number): string {
  const share = total === 0 ? 0 : Math.min(1, done / total);
  return `[${"#".repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, ".")}]`;
}

/** `25 % · 1234 of about 5000 · 312/s · 12 s left` */
function progressLine(done: number, total: number, elapsedSeconds: number): string {
  const share = total === 0 ? 0 : done / total;
  const perSecond = elapsedSeconds > 0 ? done / elapsedSeconds : 0;
  const left = perSecond > 0 ? ` · ${Math.ceil((total - done) / perSecond)} s left` : "";
  return `${Math.floor(share * 100)} % · ${done} of about ${total} · ${Math.round(perSecond)}/s${left}`;
}
