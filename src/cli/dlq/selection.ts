import { jsonPointer } from "../../agents/once/idempotency-key.js";
import type { Letter } from "../../aws/sqs/letter.js";
import type { Selection } from "../../letters/selection.js";
import { WAYS } from "../../letters/ways.js";
import { type Option, type Typed, UsageError } from "../command-line.js";

/** The options that say which letters are meant. */
export const SELECTION_OPTIONS: readonly Option[] = [
  {
    name: "reason",
    value: "TEXT",
    meaning: "those whose reason or error, as ls tells them, contains TEXT or matches /TEXT/ (a regular expression)",
  },
  {
    name: "where",
    value: "/POINTER=VALUE",
    many: true,
    meaning: "those in whose JSON body the value at the JSON pointer is VALUE",
  },
  { name: "older-than", value: "AGE", meaning: "those sent longer ago than 30s, 15m, 6h, 2d, or before an ISO time" },
  { name: "newer-than", value: "AGE", meaning: "those sent since then" },
];

/** @throws UsageError naming the option that can't be understood. */
export function selectionOf(typed: Typed, now: number): Selection {
  const tests: ((letter: Letter) => boolean)[] = [];
  const reason = typed.text("reason");
  if (reason !== undefined) tests.push(reasonTest(reason));
  for (const where of typed.texts("where")) tests.push(whereTest(where));
  const olderThan = typed.text("older-than");
  if (olderThan !== undefined) tests.push(timeTest("older-than", olderThan, now, (sentAt, time) => sentAt < time));
  const newerThan = typed.text("newer-than");
  if (newerThan !== undefined) tests.push(timeTest("newer-than", newerThan, now, (sentAt, time) => sentAt >= time));
  const looksInside = typed.texts("where").length > 0;
  return { everything: tests.length === 0, looksInside, matches: (letter) => tests.every((test) => test(letter)) };
}

function reasonTest(given: string): (letter: Letter) => boolean {
  const expression = /^\/(.+)\/([a-z]*)$/s.exec(given);
  const texts = ({ way, reason = "" }: Letter) => [WAYS[way], reason];
  if (!expression) {
    const wanted = given.toLowerCase();
    return (letter) => texts(letter).some((text) => text.toLowerCase().includes(wanted));
  }
  try {
    // Without a memory of where the last match ended.
    const pattern = new RegExp(expression[1]!, expression[2]!.replace(/[gy]/g, ""));
    return (letter) => texts(letter).some((text) => pattern.test(text));
  } catch (error) {
    throw new UsageError(`--reason ${given} is no regular expression: ${(error as Error).message}`);
  }
}

function whereTest(given: string): (letter: Letter) => boolean {
  const at = given.indexOf("=");
  if (at < 0 || (at > 0 && !given.startsWith("/"))) {
    throw new UsageError(`--where must be /json/pointer=value, got "${given}"`);
  }
  const find = jsonPointer(given.slice(0, at));
  const wanted = given.slice(at + 1);
  return ({ message }) => {
    try {
      const value = find(JSON.parse(message.body));
      return (value === null || /^(string|number|boolean)$/.test(typeof value)) && String(value) === wanted;
    } catch {
      return false;
    }
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function timeTest(
  name: string,
  given: string,
  now: number,
  compare: (sentAt: number, time: number) => boolean,
): (letter: Letter) => boolean {
  const age = /^(\d+(?:\.\d+)?)([smhd])$/.exec(given);
  const time = age ? now - Number(age[1]) * UNIT_MS[age[2]!]! : /^\d{4}-/.test(given) ? Date.parse(given) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new UsageError(`--${name} must be an age like 30s, 15m, 6h or 2d, or an ISO time, got "${given}"`);
  }
  return ({ message: { sentAt } }) => sentAt !== undefined && compare(sentAt, time);
}
