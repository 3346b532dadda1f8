import type { Readable } from "node:stream";
import type { Run } from "../pipeline/handler.js";
import type { Outcome } from "../pipeline/outcome.js";
import { LineCutter } from "./line-cutter.js";
import { heed, type Spoken } from "./verbs.js";

/** Longest line; a longer one is no verb of ours. */
const LINE_BYTES_MAX = 16_384;
/** Lines heeded in one second; the writer of more has to wait. */
const LINES_PER_SECOND = 500;
const SECOND_MS = 1_000;

/** Reads what an agent says on descriptor 3 and heeds it. */
export class VerbChannel {
  #outcome: Outcome | undefined;
  #lines = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onFault told each line that counted for nothing, and why. */
  constructor(
    stream: Readable,
    private readonly run: Run,
    private readonly onFault: (fault: string, line: string) => void,
  ) {
    const cutter = new LineCutter(LINE_BYTES_MAX, (line, left) => this.#line(line, left));
    stream.on("data", (chunk: Buffer) => {
      cutter.write(chunk);
      if (this.#lines < LINES_PER_SECOND) return;
      stream.pause();
      this.#timer = setTimeout(() => {
        this.#lines = 0;
        stream.resume();
      }, SECOND_MS);
    });
    stream.on("end", () => cutter.finish());
    stream.on("close", () => clearTimeout(this.#timer));
  }

  /** How the agent said that its run is to end; the last word counts. Undefined when it didn't say. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  #line(line: string, bytesLeft: number): void {
    if (line.trim() === "") return;
    this.#lines++;
    const { outcome, fault }: Spoken = bytesLeft > 0 ? { fault: "too long" } : heed(line, this.run);
    if (fault !== undefined) this.onFault(fault, line);
    else if (outcome) this.#outcome = outcome;
  }
}
