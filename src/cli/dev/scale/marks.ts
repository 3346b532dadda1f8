/** The descriptor on which agents mark their starts and ends. */
export const MARKS_FD = 3;

/** The variable that says until when a worker's agent is held, epoch milliseconds of the fleet's clock. */
export const READY_AT_VARIABLE = "QUEUEHAND_DEV_READY_AT";

/** One mark: an agent started, was done, or failed. */
export interface Mark {
  readonly kind: "started" | "done" | "failed";
  /** The message's number. */
  readonly n: number;
  /** Epoch milliseconds of the fleet's clock. */
  readonly wallMs: number;
}

const KINDS: Readonly<Record<string, Mark["kind"]>> = { s: "started", d: "done", f: "failed" };

/** Reads marks out of the pieces in which a pipe hands them on; a line that is none is left out. */
export class MarkReader {
  #rest = "";

  read(text: string): Mark[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    return lines.flatMap((line) => {
      const [what, n, wallMs] = line.split(" ");
      const kind = KINDS[what!];
      return kind ? [{ kind, n: Number(n), wallMs: Number(wallMs) }] : [];
    });
  }
}
