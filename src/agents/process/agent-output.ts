import type { Readable } from "node:stream";
import { printable } from "../../text/printable.js";
import type { AgentLog } from "../context.js";
import { ErrorLines } from "./error-lines.js";
import { LineCutter } from "./line-cutter.js";

/** Bytes held of a line of output; the rest is counted. */
const LINE_BYTES_MAX = 8_192;
/** Log lines that one run may make at once, and how many more each second after that. */
const LINES_BURST = 200;
const LINES_PER_SECOND = 50;
/** Of a part of stderr that isn't logged, so many bytes are looked at for why the process ended. */
const TAIL_BYTES = 8_192;

type StreamName = "stdout" | "stderr";

/**
 * What one run writes, as log lines of the worker's own: each line of output is one field of one log line, so an agent
 * can forge no log line, no embedded metric and no terminal escape. Its number of lines a second and their length are
 * bounded, and so is what is held in memory; what was left out is counted and told at the end.
 */
export class AgentOutput {
  readonly #log: () => AgentLog;
  readonly #now: () => number;
  #tokens = LINES_BURST;
  #filledAt: number;
  #linesLeftOut = 0;
  #bytesLeftOut = 0;
  /** Of stderr, whether it was logged or not. */
  readonly errorLines = new ErrorLines();

  /**
   * @param log makes the log of the message that is worked on; asked for each line, never before the first.
   * @param now monotonic milliseconds.
   */
  constructor(log: () => AgentLog, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
    this.#filledAt = now();
  }

  /** Reads a stream to its end. */
  read(stream: Readable, name: StreamName): void {
    const cutter = new LineCutter(LINE_BYTES_MAX, (line, left) => this.#line(name, line, left));
    stream.on("data", (chunk: Buffer) => {
      if (this.#mayTell()) return cutter.write(chunk);
      this.#bytesLeftOut += chunk.length;
      if (name === "stderr") this.#look(chunk.subarray(-TAIL_BYTES));
      cutter.skip(chunk);
    });
    stream.on("end", () => cutter.finish());
    // A stream that breaks has ended, as far as we are concerned.
    stream.on("error", () => cutter.finish());
  }

  /** Logs a line that the agent asked for by `context.log`, within the same bounds. */
  entry(level: keyof AgentLog, fields: Readonly<Record<string, unknown>>, text: string): void {
    if (this.#take()) this.#log()[level](fields, printable(text));
  }

  /** Tells what was left out, if anything was. */
  finish(): void {
    if (this.#linesLeftOut === 0 && this.#bytesLeftOut === 0) return;
    const fields = { lines: this.#linesLeftOut, bytes: this.#bytesLeftOut };
    this.#linesLeftOut = 0;
    this.#bytesLeftOut = 0;
    this.#log().warn(fields, "output of the agent was left out: too much of it");
  }

  #line(stream: StreamName, line: string, bytesLeft: number): void {
    if (stream === "stderr") this.errorLines.add(line);
    if (line.trim() === "") return;
    this.#bytesLeftOut += bytesLeft;
    if (this.#take()) this.#log().info({ stream, line: printable(line) }, "agent wrote");
  }

  /** The whole lines in it; the last of them is told in any case. */
  #look(tail: Buffer): void {
    for (const line of tail.toString("utf8").split("\n").slice(1, -2)) this.errorLines.add(line);
  }

  #take(): boolean {
    if (this.#mayTell()) {
      this.#tokens--;
      return true;
    }
    this.#linesLeftOut++;
    return false;
  }

  #mayTell(): boolean {
    const now = this.#now();
    this.#tokens = Math.min(LINES_BURST, this.#tokens + ((now - this.#filledAt) / 1000) * LINES_PER_SECOND);
    this.#filledAt = now;
    return this.#tokens >= 1;
  }
}
