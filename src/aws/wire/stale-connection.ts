/** Whether an error says that the other side has closed the connection. */
export function isClosed(error: unknown): error is NodeJS.ErrnoException {
  return /^(ECONNRESET|EPIPE)$/.test(String((error as NodeJS.ErrnoException | undefined)?.code));
}

/** A kept connection that the server had closed by the time it was used: the call was not answered, likely not read. */
export class StaleConnection extends Error {
  readonly code = "ECONNRESET";
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}
