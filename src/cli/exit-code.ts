/** What the process says to its caller; the numbers are sysexits.h's where it has one. */
export const ExitCode = {
  /** Drained and clean; for the other commands: done. */
  ok: 0,
  /** Unexpected; `doctor`: something doesn't fit; `send`: not every message was sent. */
  failed: 1,
  /** EX_USAGE: the command line itself is wrong. */
  usage: 64,
  /** EX_UNAVAILABLE: the queue is gone or forbidden. */
  unavailable: 69,
  /** EX_TEMPFAIL: the drain's deadline passed with work released. */
  drainDeadline: 75,
  /** EX_CONFIG: bad settings, or an agent that can't be loaded. */
  config: 78,
} as const;

/** The exit codes of `run`, as its help tells them. */
export const RUN_EXITS: readonly (readonly [code: string, meaning: string])[] = [
  ["0", "drained and clean"],
  ["1", "unexpected"],
  ["64", "wrong command line"],
  ["69", "the queue is gone or forbidden"],
  ["75", "the drain's deadline passed; what was unfinished was released"],
  ["78", "bad settings, or the agent can't be loaded"],
  ["130, 143", "ended at once by a second SIGINT or SIGTERM"],
];
