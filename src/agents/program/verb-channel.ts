import type { Readable } from "node:stream";
import type { Run } from "../../pipeline/ports/handler.js";
import type { Outcome } from "../../pipeline/ports/outcome.js";
import { readPaced } from "../process/paced-lines.js";
import { heed, type Spoken } from "./verbs.js";

/** Longest line; a longer one is no verb of ours. */
const LINE_BYTES_MAX = 16_384;
const LINES_PER_SECOND = 500;

/** Reads what a program says on descriptor 3 and heeds it. */
export class VerbChannel {
  #outcome: Outcome | undefined;

  /** @param onFault told each line that could not be heeded, and why. */
  constructor(stream: Readable, run: Run, onFault: (fault: string, line: string) => void) {
    const onLine = (line: string, bytesLeft: number) => {
      const { outcome, fault }: Spoken = bytesLeft > 0 ? { fault: "too long" } : heed(line, run);
      if (fault !== undefined) onFault(fault, line);
      if (outcome) this.#outcome = outcome;
    };
    readPaced(stream, { bytesMax: LINE_BYTES_MAX, linesPerSecond: LINES_PER_SECOND, onLine });
  }

  /** How the program said that its run is to end; the last word counts. Undefined when it didn't say. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }
}
