import { stripVTControlCharacters } from "node:util";
import type { Color, Paint } from "./status-lines.js";

/** What of a terminal is used; `process.stdout` and `process.stderr` are ones. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const CODES: Readonly<Record<Color, number>> = { dim: 90, green: 32, yellow: 33, red: 31, plain: 0 };
const LINE_UP_AND_CLEAR = "\u001B[1A\u001B[2K";
/** Without wrapping, a line that is too long is cut by the terminal instead of spoiling the count of lines. */
const WRAP_OFF = "\u001B[?7l";
const WRAP_ON = "\u001B[?7h";

/**
 * A few lines at the bottom of a terminal, redrawn in place, under lines that scroll. On anything but a terminal
 * `show` does nothing and `print` only writes.
 */
export class StatusBlock {
  #lines: readonly string[] = [];

  constructor(private readonly screen: Screen) {}

  get isTerminal(): boolean {
    return this.screen.isTTY === true;
  }

  /** Colours for this screen, none where nobody would see them. */
  readonly paint: Paint = (color, text) =>
    this.screen.isTTY && !process.env.NO_COLOR && color !== "plain" ? `\u001B[${CODES[color]}m${text}\u001B[0m` : text;

  /** Writes whole lines above the block. */
  print(text: string): void {
    this.screen.write(`${this.#erase()}${text}${text.endsWith("\n") ? "" : "\n"}${this.#draw()}`);
  }

  /** Replaces the block; none = nothing stays. */
  show(lines: readonly string[]): void {
    if (!this.isTerminal) return;
    const erase = this.#erase();
    this.#lines = lines;
    this.screen.write(erase + this.#draw());
  }

  #erase(): string {
    return LINE_UP_AND_CLEAR.repeat(this.#lines.length);
  }

  #draw(): string {
    if (this.#lines.length === 0) return "";
    const width = this.screen.columns || 80;
    const fitted = this.#lines.map((line) =>
      stripVTControlCharacters(line).length > width ? cutTo(line, width) : line,
    );
    return `${WRAP_OFF}${fitted.join("\n")}\n${WRAP_ON}`;
  }
}

/** The plain text of a line, cut: colours would be cut in the middle of their codes. */
function cutTo(line: string, width: number): string {
  return `${stripVTControlCharacters(line).slice(0, Math.max(0, width - 1))}…`;
}
