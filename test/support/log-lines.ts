/** One line of a program's output; `fields` is its JSON object, where it is one. */
export interface LogLine {
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

type Wanted = (line: LogLine) => boolean;

/** The lines that a program has written so far, and the wait for one that it will write. */
export class LogLines {
  readonly all: LogLine[] = [];
  readonly #waiting = new Set<{ wanted: Wanted; seen: (line: LogLine) => void }>();
  #rest = "";

  /** Takes a piece of output, which may end in the middle of a line. */
  write(piece: string): void {
    const texts = (this.#rest + piece).split("\n");
    this.#rest = texts.pop() ?? "";
    for (const text of texts) {
      const line = { text, fields: fieldsOf(text) };
      this.all.push(line);
      for (const waiter of this.#waiting) if (waiter.wanted(line)) waiter.seen(line);
    }
  }

  where(wanted: Wanted): LogLine[] {
    return this.all.filter(wanted);
  }

  /** The first line, past or to come, that is wanted; after `timeoutMs` rejects with all that was written instead. */
  first(wanted: Wanted, timeoutMs = 60_000): Promise<LogLine> {
    const past = this.all.find(wanted);
    if (past) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        reject(new Error(`no such line within ${timeoutMs / 1000} s (${wanted}); written:\n${this}`));
      }, timeoutMs);
      const seen = (line: LogLine) => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
        resolve(line);
      };
      const waiter = { wanted, seen };
      this.#waiting.add(waiter);
    });
  }

  toString(): string {
    return this.all.map(({ text }) => text).join("\n");
  }
}

function fieldsOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
