import type { Writable } from "node:stream";

/** Unwritten text that is held at most, in characters: some seconds of a very talkative worker. */
const HELD_MAX = 4 * 1024 * 1024;
/** Longest line; log drivers split or refuse longer ones. */
const LINE_MAX = 64 * 1024;

const open = new Set<LogOutput>();
let exitHooked = false;

/**
 * Where log lines and EMF lines go, one after another, by default stdout. Promises that writing never waits, never
 * throws and holds a bounded amount: lines that a blocked or broken reader leaves no room for are dropped and counted.
 *
 * It writes through Node's own stdout, which doesn't block on a pipe. Writing the descriptor from the thread pool, as
 * log libraries do, leaves a thread that a full pipe holds for ever, and `process.exit` waits for that thread.
 */
export class LogOutput {
  static #stdout: LogOutput | undefined;
  readonly #stream: Writable;
  #pending = "";
  #scheduled = false;
  #broken = false;
  #dropped = 0;

  /** The process's stdout: one for all who write there, as its bounds are. */
  static get stdout(): LogOutput {
    LogOutput.#stdout ??= new LogOutput(process.stdout);
    return LogOutput.#stdout;
  }

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on("error", this.#written);
    open.add(this);
    if (!exitHooked) {
      exitHooked = true;
      process.on("exit", () => {
        for (const output of open) output.flush();
      });
    }
  }

  /** Lines lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes one line, its line end included. */
  write(line: string): void {
    if (line.length > LINE_MAX) {
      line = `${JSON.stringify({ level: "warn", time: new Date().toISOString(), characters: line.length, msg: "log line left out: too long" })}\n`;
    }
    if (this.#broken || this.#pending.length + line.length + this.#stream.writableLength > HELD_MAX) {
      this.#dropped++;
      return;
    }
    this.#pending += line;
    if (this.#scheduled) return;
    this.#scheduled = true;
    // One write for all lines of this turn: at debug a line a message would otherwise be a system call a message.
    setImmediate(() => this.flush());
  }

  /** Hands everything held to the stream. */
  flush(): void {
    this.#scheduled = false;
    if (this.#pending === "" || this.#broken) return;
    const text = this.#pending;
    this.#pending = "";
    this.#stream.write(text, this.#written);
  }

  readonly #written = (error?: Error | null): void => {
    if (error) this.#broken = true;
  };

  /** Resolves when everything was written, or after `ms` milliseconds with what is left lost. Writing stays possible. */
  async drain(ms: number): Promise<void> {
    this.flush();
    if (this.#stream.writableLength === 0 || this.#broken) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
      this.#stream.write("", () => resolve());
    });
    clearTimeout(timer);
  }
}
