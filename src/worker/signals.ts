/** What ends a worker from outside its own code. */
export interface EndListener {
  /** SIGTERM or SIGINT, the first time. The second ends the process at once, with 128 + its number. */
  onSignal(signal: NodeJS.Signals): void;
  /** An error that nobody caught. Node would end the process; with a listener that is the listener's duty. */
  onUncaught(error: unknown): void;
}

/** Listens until the returned function is called. */
export function listenForEnd({ onSignal, onUncaught }: EndListener): () => void {
  let told = false;
  const signalled = (signal: NodeJS.Signals, number: number) => {
    if (told) process.exit(128 + number);
    told = true;
    onSignal(signal);
  };
  process.on("SIGTERM", signalled).on("SIGINT", signalled);
  process.on("uncaughtException", onUncaught).on("unhandledRejection", onUncaught);
  return () => {
    process.off("SIGTERM", signalled).off("SIGINT", signalled);
    process.off("uncaughtException", onUncaught).off("unhandledRejection", onUncaught);
  };
}
