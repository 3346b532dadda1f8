import { printable } from "../text/printable.js";

const COLORS: Readonly<Record<string, number>> = { fatal: 41, error: 31, warn: 33, info: 32, debug: 34, trace: 90 };

/**
 * A JSON log line for people: time of day, level, message, then the fields; an error's frames on lines of their own.
 * Its colours are the only thing in it that a terminal obeys.
 */
export function prettyLine(line: string, color = process.stdout.isTTY === true): string {
  // Of the two forms of a trace's id one is enough, and of an error its message.
  const { level, time, msg, err, xray_trace_id, errorKind, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const paint = (code: number, text: string) => (color ? `\u001B[${code}m${text}\u001B[0m` : text);
  const parts = Object.entries(fields).map(
    ([name, value]) => `${paint(90, `${shown(name)}=`)}${shown(compact(value))}`,
  );
  const { name, message, stack } = (err ?? {}) as Record<string, unknown>;
  if (name) parts.push(paint(31, shown(`${name}: ${message}`)));
  const head = [
    paint(90, String(time).slice(11, 23)),
    paint(COLORS[String(level)] ?? 0, String(level).padEnd(5)),
    ...(msg === undefined ? [] : [shown(String(msg))]),
    ...parts,
  ].join(" ");
  const frames = typeof stack === "string" ? stack.split("\n").map((frame) => `\n    ${paint(90, shown(frame))}`) : [];
  return `${head}${frames.join("")}\n`;
}

/** Lines and their fields are cut already. */
const shown = (text: string) => printable(text, Number.POSITIVE_INFINITY);

function compact(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || typeof value !== "object") return String(value);
  if (Array.isArray(value)) return value.map(compact).join(",");
  return Object.entries(value)
    .map(([name, inner]) => `${name}:${compact(inner)}`)
    .join(",");
}
