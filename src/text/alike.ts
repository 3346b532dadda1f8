import { printable } from "./printable.js";

const ERROR_MAX = 200;
/** Of a longer reason the rest can't show: names and figures get shorter. */
const READ_MAX = 2_000;

/** A reason's first line without what differs from message to message. */
export function alike(reason: string): string {
  const line = printable(reason.trim().split("\n", 1)[0]!.slice(0, READ_MAX), Number.POSITIVE_INFINITY)
    .replace(/\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/gi, "…")
    .replace(/\b(?=[\da-f]*\d)(?=[\da-f]*[a-f])[\da-f]{8,}\b/gi, "…")
    // The code of a character keeps its figures.
    .replace(/(\\u[\da-f]{4})|\d+(\.\d+)?/g, (_, code?: string) => code ?? "N");
  return line.length > ERROR_MAX ? `${line.slice(0, ERROR_MAX)}…` : line;
}
