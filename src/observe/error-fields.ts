/** An agent's message may quote what it worked on: enough to recognise the fault, not enough to copy a body. */
const MESSAGE_MAX = 500;
const FRAMES_MAX = 5;

/** An error in a log line: what it is and where it came from, and none of the other things that libraries hang on it. */
export interface ErrorFields {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** The innermost frames. */
  readonly stack?: string;
  readonly cause?: ErrorFields;
}

/** The fields of anything thrown. */
export function errorFields(error: unknown, withStack = true): ErrorFields {
  if (!(error instanceof Error)) {
    return { name: typeof error, message: cut(typeof error === "string" ? error : inspected(error), MESSAGE_MAX) };
  }
  const { code } = error as { code?: unknown };
  const frames = withStack ? framesOf(error) : undefined;
  return {
    name: error.name,
    message: cut(error.message, MESSAGE_MAX),
    ...(typeof code === "string" ? { code } : {}),
    ...(frames ? { stack: frames } : {}),
    ...(error.cause === undefined || !withStack ? {} : { cause: errorFields(error.cause, false) }),
  };
}

/** `text`, with the number of characters left out where it is longer than `most`. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more)`;
}

/** The frames alone: the head of `stack` repeats the message, uncut. */
function framesOf(error: Error): string | undefined {
  const frames = String(error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, FRAMES_MAX)
    .map((line) => cut(line.trim(), MESSAGE_MAX));
  return frames.length > 0 ? frames.join("\n") : undefined;
}

function inspected(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
