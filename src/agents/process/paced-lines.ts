import type { Readable } from "node:stream";
import { LineCutter } from "./line-cutter.js";

const SECOND_MS = 1_000;

export interface PacedLinesOptions {
  /** Longest line; of a longer one the rest is left out, and `onLine` told how much that was. */
  readonly bytesMax: number;
  /** After so many lines in a second the writer has to wait for the next one. */
  readonly linesPerSecond: number;
  readonly onLine: (line: string, bytesLeft: number) => void;
}

/** Reads the lines of a stream whose writer isn't trusted: what is held, and what is worked on in a second, is bounded. */
export function readPaced(stream: Readable, { bytesMax, linesPerSecond, onLine }: PacedLinesOptions): void {
  let lines = 0;
  let since = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const cutter = new LineCutter(bytesMax, (line, left) => {
    lines++;
    if (line.trim() !== "") onLine(line, left);
  });
  const begin = () => {
    lines = 0;
    since = performance.now();
  };
  stream.on("data", (chunk: Buffer) => {
    cutter.write(chunk);
    if (lines < linesPerSecond) return;
    const rest = SECOND_MS - (performance.now() - since);
    if (rest <= 0) return begin();
    stream.pause();
    timer = setTimeout(() => {
      begin();
      stream.resume();
    }, rest);
  });
  stream.on("end", () => cutter.finish());
  stream.on("error", () => {});
  stream.on("close", () => clearTimeout(timer));
}
