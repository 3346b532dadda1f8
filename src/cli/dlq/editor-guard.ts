import { AsyncLocalStorage } from "node:async_hooks";
import { words } from "../../pipeline/ports/thrown.js";

/** What a piece of an editor's code did when nobody waited for it any more. */
export interface LateFault {
  /** The letter that it was given; undefined if it belongs to none. */
  readonly letterId: string | undefined;
  readonly fault: string;
}

interface Edit {
  readonly letterId: string | undefined;
  /** Ends the wait for it; undefined once it is over. */
  fail: ((error: unknown) => void) | undefined;
}

/**
 * Stands between an editor's module and the process that it runs in, from `watch` to `release`.
 * 1. What its code throws in a later turn, or lets reject, ends that edit alone; after the edit it is kept as a late fault.
 * 2. `process.exit` ends nothing but the edit: letters are hidden, and somebody has to show them again.
 * 3. What it writes to stdout goes to stderr: stdout is the command's.
 */
export class EditorGuard {
  readonly late: LateFault[] = [];
  readonly #edits = new AsyncLocalStorage<Edit>();
  readonly #told = new WeakSet<object>();
  readonly #exit = process.exit;
  readonly #write = process.stdout.write;

  watch(): void {
    process.on("uncaughtException", this.#failed).on("unhandledRejection", this.#failed);
    process.exit = (code) => {
      const error = new Error(`process.exit(${code ?? ""}) was called`);
      this.#failed(error);
      throw error;
    };
    process.stdout.write = ((...given: Parameters<typeof process.stdout.write>) =>
      this.#edits.getStore()
        ? process.stderr.write(...given)
        : this.#write.apply(process.stdout, given)) as typeof process.stdout.write;
  }

  /** Harmless before `watch`. */
  release(): void {
    process.off("uncaughtException", this.#failed).off("unhandledRejection", this.#failed);
    process.exit = this.#exit;
    process.stdout.write = this.#write;
  }

  /** Has a piece of the editor's code run, on a letter if one is named. Rejects with whatever goes wrong in it first. */
  async run<Result>(letterId: string | undefined, work: () => Promise<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const edit: Edit = { letterId, fail: reject };
    this.#edits.run(edit, work).then(resolve, reject);
    try {
      return await promise;
    } finally {
      edit.fail = undefined;
    }
  }

  readonly #failed = (error: unknown): void => {
    if (typeof error === "object" && error !== null) {
      // An exit is told when it is called, and thrown as well.
      if (this.#told.has(error)) return;
      this.#told.add(error);
    }
    const edit = this.#edits.getStore();
    if (edit?.fail) edit.fail(error);
    else this.late.push({ letterId: edit?.letterId, fault: words(error) });
  };
}
