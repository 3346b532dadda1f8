import type { AbortCause } from "../ports/outcome.js";

/** The reason of an aborted `context.signal`; `cause` says which of the three it was. */
export class RunAborted extends Error {
  override readonly name = "AbortError";
  override readonly cause: AbortCause;
  constructor(
    cause: AbortCause,
    detail: string,
    /** For how long the agent may go on, in milliseconds, where that is shorter than usual. */
    readonly graceMs?: number,
  ) {
    super(detail);
    this.cause = cause;
    // Its frames would be the worker's own.
    this.stack = `${this.name}: ${detail}`;
  }
}

/** A run's signal: made when the agent first looks at it, aborted from the start if the run was by then. */
export class RunSignal {
  #controller: AbortController | undefined;
  #reason: RunAborted | undefined;

  /** Why the run was aborted, if it was. */
  get reason(): RunAborted | undefined {
    return this.#reason;
  }

  /** Whether the agent ever looked. */
  get seen(): boolean {
    return this.#controller !== undefined;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: RunAborted): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
