import { described } from "../pipeline/ports/thrown.js";

/** An agent's message may quote what it worked on: enough to recognise the fault, not enough to copy a body. */
const MESSAGE_MAX = 500;
const FRAMES_MAX = 5;

/** An error in a log line: what it is and where it came from, and none of the other things that libraries hang on it. */
export interface ErrorFields {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** AWS's id of the request that was answered so. */
  readonly requestId?: string;
  /** The innermost frames. */
  readonly stack?: string;
  readonly cause?: ErrorFields;
}

/** The fields of anything thrown. Never throws. */
export function errorFields(error: unknown): ErrorFields {
  const { frames, ...told } = described(error, MESSAGE_MAX);
  if (frames === undefined) return told;
  const { cause, ...own } = told;
  const stack = frames.split("\n").slice(0, FRAMES_MAX).join("\n");
  return { ...own, stack, ...(cause && { cause }) };
}
